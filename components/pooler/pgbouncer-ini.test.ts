import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../config/parse";
import { consoleRows } from "./console";
import { renderPgbouncerIni, renderUserlist } from "./pgbouncer-ini";

const { pooler } = parseConfig({
  pooler: '{"enabled":true,"poolSize":7,"mode":"session"}',
}).settings;
const options = {
  host: "pg-replicas",
  database: "store",
  pooler,
  tlsMode: "require",
  tlsMinVersion: "1.3",
  servers: 2,
} as const;

/** Settings below [pgbouncer]. */
function settings(ini: string): Map<string, string> {
  const [, section = ""] = ini.split("[pgbouncer]");
  return new Map(
    section.split("\n").flatMap((line) => {
      const [name, value] = line.split(" = ");
      return name !== undefined && value !== undefined ? [[name, value] as const] : [];
    }),
  );
}

test("pgbouncer.ini: the application's database, the one for lookups, and any other lead to one host", () => {
  const ini = renderPgbouncerIni(options);
  const [databases = ""] = ini.split("[pgbouncer]");
  assert.deepEqual(databases.trim().split("\n").slice(2), [
    "store = host=pg-replicas port=5432",
    "postgres = host=pg-replicas port=5432 pool_size=4",
    "* = host=pg-replicas port=5432",
  ]);
});

test("pgbouncer.ini: what is configured, and TLS on both sides", () => {
  const found = settings(renderPgbouncerIni(options));
  for (const [name, value] of [
    ["pool_mode", "session"],
    ["default_pool_size", "7"],
    ["max_client_conn", "1000"],
    ["max_prepared_statements", "200"],
    ["server_lifetime", "30"],
    ["auth_type", "scram-sha-256"],
    ["client_tls_sslmode", "require"],
    ["client_tls_protocols", "tlsv1.3"],
    ["server_tls_sslmode", "verify-full"],
    ["server_tls_protocols", "tlsv1.3"],
  ] as const) {
    assert.equal(found.get(name), value, name);
  }
});

test("pgbouncer.ini: clients without TLS and TLS 1.2 only where that is set; servers are checked all the same", () => {
  const found = settings(
    renderPgbouncerIni({ ...options, tlsMode: "prefer", tlsMinVersion: "1.2" }),
  );
  assert.equal(found.get("client_tls_sslmode"), "prefer");
  assert.equal(found.get("client_tls_protocols"), "tlsv1.2,tlsv1.3");
  assert.equal(found.get("server_tls_sslmode"), "verify-full");
});

test("userlist.txt holds one login", () => {
  assert.equal(renderUserlist('a"b'), '"sav3_pooler" "a""b"\n');
});

test("rows of the console, by the names that it gives its columns", () => {
  assert.deepEqual(consoleRows("database\tuser\tcl_active\nmy app\tapp\t3\n"), [
    { database: "my app", user: "app", cl_active: "3" },
  ]);
  assert.deepEqual(consoleRows(""), []);
});
