import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { parameterCatalog, valueFault } from "./catalog";
import { conninfo, primaryConninfo, replicationPassfile } from "./conninfo";
import { NOT_LOWER_ON_STANDBY, ownedReason, parameterFault } from "./parameters";
import { renderHba, renderIdent, singleAddress } from "./pg-hba";
import { memoryParameters, renderConf, type ConfOptions } from "./postgresql-conf";
import { confValue, conninfoValue, hbaWord, passfileField, shellWord } from "./quoting";
import { scramSalt, scramVerifier } from "./scram";
import { connectionUri, reachableAddress } from "./uri";

const printable = fc.stringMatching(/^[\x20-\x7e]{0,30}$/);

const conf: ConfOptions = {
  node: "pg-0",
  slot: undefined,
  memoryBytes: 1024 ** 3,
  tlsMinVersion: "1.3",
  revocations: true,
  sharedPreloadLibraries: ["pg_stat_statements", "auto_explain"],
  parameters: {},
};

const catalog = parameterCatalog("17");

const hba = {
  subnet: "172.20.0.0/16",
  gateway: "172.20.0.1",
  owner: "app",
  tlsMode: "require",
  superuserAccess: false,
  pooler: true,
} as const;

/** Rules of a pg_hba.conf in order, words separated by one blank. */
function rulesOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/\s+/g, " "));
}

/** Settings of a postgresql.conf. */
function settingsOf(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const pairs = lines.map((line) => {
    const match = /^([a-z0-9_.]+) = '(.*)'$/.exec(line);
    assert.ok(match, line);
    return [match[1] ?? "", match[2] ?? ""] as const;
  });
  assert.equal(new Set(pairs.map(([name]) => name)).size, pairs.length, "each setting once");
  return new Map(pairs);
}

test("quoting can be undone for any printable text", () => {
  fc.assert(
    fc.property(printable, (value) => {
      const inner = (quoted: string) => quoted.slice(1, -1);
      assert.equal(
        inner(confValue(value)).replace(/''|\\\\/g, (pair) => pair.slice(1)),
        value,
      );
      assert.equal(inner(conninfoValue(value)).replace(/\\(.)/g, "$1"), value);
      assert.equal(passfileField(value).replace(/\\(.)/g, "$1"), value);
      assert.equal(inner(shellWord(value)).replaceAll("'\\''", "'"), value);
      assert.equal(inner(hbaWord(value)).replaceAll('""', '"'), value);
      assert.doesNotMatch(passfileField(value), /(?<!\\)(\\\\)*:/);
    }),
  );
});

test("a URI gives back what went in, whatever the password", () => {
  fc.assert(
    fc.property(printable, printable, (user, password) => {
      const uri = connectionUri({
        user: `u${user}`,
        password,
        host: "::1",
        port: 5432,
        database: "app",
        parameters: { sslrootcert: "/a b/ca.crt" },
      });
      const url = new URL(uri);
      assert.equal(decodeURIComponent(url.username), `u${user}`);
      assert.equal(decodeURIComponent(url.password), password);
      assert.equal(url.host, "[::1]:5432");
      assert.equal(url.searchParams.get("sslrootcert"), "/a b/ca.crt");
    }),
  );
  assert.equal(
    connectionUri({ user: "a", password: "b", host: "h", port: 1, database: "d" }),
    "postgresql://a:b@h:1/d",
  );
  assert.equal(reachableAddress("0.0.0.0"), "127.0.0.1");
  assert.equal(reachableAddress("::"), "::1");
  assert.equal(reachableAddress("10.0.0.5"), "10.0.0.5");
});

test("a SCRAM verifier is the one of RFC 7677's example", () => {
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  const verifier = scramVerifier("pencil", salt);
  const [head = "", keys = ""] = verifier.split(/\$(?=[^$]*$)/);
  assert.equal(head, "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==");
  const [stored, server] = keys.split(":");
  // From the example's messages: the proof is the client key XOR its signature.
  const message =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const signature = createHmac("sha256", Buffer.from(server ?? "", "base64")).update(message);
  assert.equal(signature.digest("base64"), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  const clientKey = createHmac("sha256", pbkdf2Sync("pencil", salt, 4096, 32, "sha256"))
    .update("Client Key")
    .digest();
  assert.equal(stored, createHash("sha256").update(clientKey).digest("base64"));
});

test("salts are stable and differ by role, cluster and password", () => {
  const salt = (password: string, role: string, cluster: string) =>
    scramSalt(password, role, cluster).toString("hex");
  assert.equal(salt("p", "app", "c"), salt("p", "app", "c"));
  const all = [
    salt("p", "app", "c"),
    salt("q", "app", "c"),
    salt("p", "r", "c"),
    salt("p", "app", "d"),
  ];
  assert.equal(new Set(all).size, 4);
  assert.equal(scramSalt("p", "app", "c").length, 16);
});

test("pg_hba: every group ends in a reject, the gateway comes before replication", () => {
  assert.deepEqual(rulesOf(renderHba(hba)), [
    'local all "postgres" peer',
    'local all "app" peer map=maintenance',
    "local all all reject",
    "host replication all 172.20.0.1/32 reject",
    'hostssl replication "replicator" 172.20.0.0/16 scram-sha-256 clientcert=verify-full',
    "host replication all all reject",
    'host all "replicator" all reject',
    'host all "postgres" all reject',
    'hostssl all "sav3_gate" all scram-sha-256 clientcert=verify-full',
    'host all "sav3_gate" all reject',
    'host all "sav3_pooler" 172.20.0.1/32 reject',
    'hostssl "postgres" "sav3_pooler" 172.20.0.0/16 scram-sha-256 clientcert=verify-full',
    'host all "sav3_pooler" all reject',
    "hostssl all all all scram-sha-256",
    "host all all all reject",
  ]);
});

test("pg_hba: prefer admits applications without TLS, and nobody else", () => {
  const plain = rulesOf(renderHba({ ...hba, tlsMode: "prefer" })).filter(
    (rule) => rule.startsWith("host ") && !rule.endsWith("reject"),
  );
  assert.deepEqual(plain, ["host all all all scram-sha-256"]);
});

test("pg_hba: without poolers their role is not admitted at all", () => {
  const rules = rulesOf(renderHba({ ...hba, pooler: false }));
  assert.deepEqual(
    rules.filter((rule) => rule.includes("sav3_pooler") && !rule.endsWith("reject")),
    [],
  );
});

test("pg_hba: superuserAccess admits the superuser over TLS", () => {
  const rules = rulesOf(renderHba({ ...hba, superuserAccess: true }));
  const admit = rules.indexOf('hostssl all "postgres" all scram-sha-256');
  assert.ok(admit >= 0 && admit < rules.indexOf('host all "postgres" all reject'));
});

test("pg_hba: no weak method under any options", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.boolean(), (superuserAccess, require) => {
      const text = renderHba({ ...hba, superuserAccess, tlsMode: require ? "require" : "prefer" });
      assert.doesNotMatch(text, /\b(trust|md5|password|ident)\b/);
    }),
  );
  assert.equal(singleAddress("fd00::1"), "fd00::1/128");
  assert.equal(
    renderIdent("app"),
    'maintenance  postgres  "app"\nmaintenance  postgres  "postgres"\n',
  );
});

test("postgresql.conf: the user's parameters win over defaults, never over owned ones", () => {
  const settings = settingsOf(
    renderConf({
      ...conf,
      parameters: { Shared_Buffers: "64MB", "auto_explain.log_min_duration": "1s", port: "1" },
    }),
  );
  assert.equal(settings.get("shared_buffers"), "64MB");
  assert.equal(settings.get("auto_explain.log_min_duration"), "1s");
  assert.equal(settings.get("port"), "5432");
  assert.equal(settings.get("shared_preload_libraries"), "pg_stat_statements,auto_explain");
  assert.equal(settings.get("ssl_min_protocol_version"), "TLSv1.3");
  assert.equal(settings.get("ssl_crl_file"), "/etc/sav3/ca.crl");
  assert.equal(settings.get("allow_alter_system"), "off");
  assert.equal(settings.get("primary_conninfo"), undefined);
});

test("postgresql.conf: a standby reads from its slot with verified TLS and files", () => {
  const settings = settingsOf(
    renderConf({ ...conf, node: "pg-1", slot: "pg_1", revocations: false }),
  );
  const info = settings.get("primary_conninfo") ?? "";
  assert.match(info, /sslmode=''verify-full''/);
  assert.match(info, /host=''pg-primary''/);
  assert.match(info, /passfile=''\/etc\/sav3\/REPLICATION_PASSWORD''/);
  assert.equal(settings.get("primary_slot_name"), "pg_1");
  assert.equal(settings.get("ssl_crl_file"), undefined);
  assert.match(
    primaryConninfo({ slot: "pg_1", revocations: true }),
    / sslcrl='\/etc\/sav3\/ca.crl'/,
  );
});

test("postgresql.conf: every setting that it holds beyond the defaults is owned or the user's to change", () => {
  const owned = [...settingsOf(renderConf({ ...conf, slot: "pg_1" })).keys()].filter(
    (name) => ownedReason(name) !== undefined,
  );
  for (const name of ["port", "ssl", "hba_file", "primary_conninfo", "allow_alter_system"]) {
    assert.ok(owned.includes(name), name);
  }
});

test("memory gives buffers a quarter and the cache three quarters", () => {
  assert.deepEqual(memoryParameters(1024 ** 3), {
    shared_buffers: "256MB",
    effective_cache_size: "768MB",
    maintenance_work_mem: "64MB",
  });
  assert.equal(memoryParameters(64 * 1024 ** 3)["maintenance_work_mem"], "1024MB");
});

test("a password with : and \\ survives the password file", () => {
  assert.equal(replicationPassfile("a:b\\c"), "pg-primary:5432:*:replicator:a\\:b\\\\c\n");
  assert.equal(conninfo({ a: "x y", b: "it's" }), "a='x y' b='it\\'s'");
});

test("parameters of the program are refused with the reason, in any case", () => {
  for (const name of ["port", "PORT", "data_directory", "ssl", "ssl_ciphers", "archive_command"]) {
    assert.match(parameterFault(catalog, name, "x") ?? "", /cannot be set/, name);
  }
  assert.equal(parameterFault(catalog, "work_mem", "8MB"), undefined);
  assert.equal(parameterFault(catalog, "pg_stat_statements.max", "100"), undefined);
  for (const name of NOT_LOWER_ON_STANDBY) assert.equal(ownedReason(name), undefined);
});

test("values are held against the type, range and options that PostgreSQL knows", () => {
  const table: readonly (readonly [string, string, RegExp | undefined])[] = [
    ["work_mem", "8MB", undefined],
    ["work_mem", "8 MB", undefined],
    ["work_mem", "0.5GB", undefined],
    ["work_mem", "16384", undefined],
    ["work_mem", "8mb", /kB, MB/],
    ["work_mem", "lots", /number/],
    ["work_mem", "1kB", /from 64/],
    ["shared_buffers", "128MB", undefined],
    ["shared_buffers", "64kB", /from 16/],
    ["checkpoint_timeout", "15min", undefined],
    ["checkpoint_timeout", "1s", /from 30/],
    ["max_connections", "50", undefined],
    ["max_connections", "0", /from 1 to/],
    ["max_connections", "50MB", /number/],
    ["log_min_duration_statement", "-1", undefined],
    ["log_min_duration_statement", "250ms", undefined],
    ["random_page_cost", "1.1", undefined],
    ["vacuum_cost_delay", "0.5", undefined],
    ["log_file_mode", "0600", undefined],
    ["jit", "off", undefined],
    ["jit", "tru", undefined],
    ["jit", "maybe", /on or off/],
    ["synchronous_commit", "remote_apply", undefined],
    ["synchronous_commit", "false", undefined],
    ["synchronous_commit", "sometimes", /local, remote_write/],
    ["default_transaction_isolation", "repeatable read", undefined],
    ["TimeZone", "Europe/Berlin", undefined],
    ["max_conections", "5", /max_connections\?/],
    ["data_checksums", "on", /cannot be set/],
  ];
  for (const [name, value, fault] of table) {
    const seen = parameterFault(catalog, name, value);
    if (fault === undefined) assert.equal(seen, undefined, `${name}=${value}`);
    else assert.match(seen ?? "", fault, `${name}=${value}`);
  }
});

test("what the renderer writes by default is good by the catalog", () => {
  for (const [name, value] of settingsOf(renderConf(conf))) {
    const known = catalog.get(name);
    assert.ok(known, name);
    assert.equal(valueFault(known, value), undefined, `${name}=${value}`);
  }
});
