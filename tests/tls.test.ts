import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createAuthority, issueLeaf } from "../components/tls/x509";
import { run } from "./lib/command";
import { clientConfig, connected } from "./lib/database";
import { docker, exec, superuserSql } from "./lib/docker";
import { healthyAgain } from "./lib/sick";
import { testStack } from "./lib/stack";
import { eventually } from "./lib/wait";
import { Client, type Attempt } from "./tls/client";
import { secrets } from "./tls/secrets";

const stack = testStack({ config: { replicas: 1, parameters: { log_connections: "on" } } });
let inside: Client;
let outside: Client;
/** What a client with every right would use. */
let app: Attempt;
let replicator: Attempt;
let gate: Attempt;
let superuser: Attempt;

before(async () => {
  await stack.up();
  const { passwords, certificates, authority } = await secrets(stack);
  const { certificate } = authority;
  const of = (role: string) => {
    const found = certificates[role];
    assert.ok(found, `a certificate of ${role}`);
    return found;
  };
  app = { authority: certificate, password: passwords.owner ?? "" };
  const replication = { user: "replicator", replication: true };
  replicator = {
    ...replication,
    ...of("replicator"),
    authority: certificate,
    password: passwords.replicator ?? "",
  };
  gate = {
    ...of("sav3_gate"),
    user: "sav3_gate",
    database: "postgres",
    authority: certificate,
    password: passwords.gate ?? "",
  };
  superuser = {
    user: "postgres",
    database: "postgres",
    authority: certificate,
    password: passwords.postgres ?? "",
  };
  inside = await Client.start(stack, stack.prefix);
  const { port } = clientConfig(await stack.primary());
  outside = await Client.start(stack, "host", String(port));
});

async function accepted(client: Client, attempt: Attempt): Promise<void> {
  const answer = await client.connect(attempt);
  assert.ok(answer.accepted, answer.text);
}

async function refused(client: Client, attempt: Attempt, because: RegExp): Promise<void> {
  const answer = await client.connect(attempt);
  assert.ok(!answer.accepted, "was accepted");
  assert.match(answer.text, because);
}

/** A client certificate signed by the stack's own authority, for any name. */
async function signedByStack(commonName: string) {
  const { authority } = await secrets(stack);
  const request = { commonName, usage: "client", names: [], validityHours: 1 } as const;
  return issueLeaf(authority, request, new Date());
}

/** Address of a node in the stack's network. */
async function addressOf(node: number): Promise<string> {
  const networks = `(index .NetworkSettings.Networks "${stack.prefix}")`;
  const format = ["--format", `{{${networks}.IPAddress}}`];
  return docker("container", "inspect", ...format, stack.container(node));
}

/** What a node has logged, all of it or since a moment. */
async function logs(node: number, since?: string): Promise<string> {
  const from = since === undefined ? [] : ["--since", since];
  return (await run("docker", ["logs", ...from, stack.container(node)])).text;
}

test("with the right credentials each role gets in, and only over TLS 1.3", async () => {
  for (const attempt of [app, replicator, gate]) await accepted(inside, attempt);
  for (const host of ["pg-0", "pg-primary", "pg-1", "pg-replica-1"]) {
    await accepted(inside, { ...app, host });
  }
  await accepted(outside, { ...app, host: "127.0.0.1" });
  await accepted(outside, { ...app, host: "localhost" });
});

test("refused: no TLS", async () => {
  const plain = { sslmode: "disable" };
  for (const attempt of [app, gate, replicator, superuser]) {
    await refused(inside, { ...attempt, more: plain }, /no encryption|pg_hba.conf rejects/);
  }
});

test("refused by clients: another authority, another host name", async () => {
  const stranger = await createAuthority("stranger", 1, new Date());
  const other = { ...app, authority: stranger.certificate };
  await refused(inside, other, /certificate verify failed/);
  const wrongName = { ...app, host: "pg-7", more: { hostaddr: await addressOf(0) } };
  await refused(inside, wrongName, /does not match host name "pg-7"/);
  // A replica is not the primary, whatever the name leads to.
  const swapped = { ...app, host: "pg-primary", more: { hostaddr: await addressOf(1) } };
  await refused(inside, swapped, /does not match host name "pg-primary"/);
});

test("refused: TLS below the floor", async () => {
  const old = { ssl_max_protocol_version: "TLSv1.2" };
  await refused(inside, { ...app, more: old }, /protocol version/);
});

test("refused: replication without certificate, or with another role's", async () => {
  const { certificate, privateKey, ...bare } = replicator;
  assert.ok(certificate !== undefined && privateKey !== undefined);
  await refused(inside, bare, /requires a valid client certificate/);
  const since = new Date().toISOString();
  for (const role of ["sav3_gate", "app"]) {
    // PostgreSQL tells the client no more than that; what it logs says that the name was it.
    const attempt = { ...bare, ...(await signedByStack(role)) };
    await refused(inside, attempt, /authentication failed for user "replicator"/);
    const log = await logs(0, since);
    assert.match(log, /certificate validation \(clientcert=verify-full\) failed.*CN mismatch/);
  }
  // The certificates made here are good ones: with the right name they get in.
  await accepted(inside, { ...bare, ...(await signedByStack("replicator")) });
});

test("refused: the gate without certificate, replication with a wrong password", async () => {
  const { certificate, privateKey, ...bare } = gate;
  assert.ok(certificate !== undefined && privateKey !== undefined);
  await refused(inside, bare, /requires a valid client certificate/);
  const wrong = { ...replicator, password: "wrong" };
  await refused(inside, wrong, /password authentication failed/);
});

test("refused: replication from outside the cluster's network, with everything right", async () => {
  const published = { ...replicator, host: "127.0.0.1" };
  await refused(outside, published, /pg_hba.conf rejects replication connection/);

  const network = `${stack.prefix}-other`;
  await docker("network", "create", "--label", `sav3.stack=${stack.name}`, network);
  const elsewhere = `${stack.prefix}-client-net`;
  try {
    await docker("network", "connect", "--alias", "pg-0", network, stack.container(0));
    await docker("network", "disconnect", stack.prefix, elsewhere);
    await docker("network", "connect", network, elsewhere);
    await refused(inside, replicator, /pg_hba.conf rejects replication connection/);
    await accepted(inside, app);
  } finally {
    await docker("network", "connect", stack.prefix, elsewhere).catch(() => undefined);
    await docker("network", "disconnect", network, elsewhere).catch(() => undefined);
    await docker("network", "disconnect", network, stack.container(0)).catch(() => undefined);
    await docker("network", "rm", network);
  }
  await accepted(inside, replicator);
});

test("refused: the superuser over the network, with the right password", async () => {
  await refused(inside, superuser, /pg_hba.conf rejects connection/);
  await refused(outside, { ...superuser, host: "127.0.0.1" }, /pg_hba.conf rejects connection/);
  assert.equal((await stack.outputs()).adminUri, undefined);
});

test("refused: replicator in a database, and any role without password", async () => {
  const { replication, ...database } = replicator;
  assert.ok(replication);
  await refused(inside, { ...database, database: "app" }, /pg_hba.conf rejects connection/);
  const { password, ...none } = app;
  assert.ok(password !== undefined);
  await refused(inside, none, /no password supplied/);
});

test("refused: md5 and trust, which no rule, no password and no client gets", async () => {
  for (const method of ["md5", "none", "password"]) {
    await refused(
      inside,
      { ...app, more: { require_auth: method } },
      /authentication method requirement .* failed/,
    );
  }
  for (const node of [0, 1]) {
    const weak = await superuserSql(
      stack.container(node),
      `select count(*) from pg_hba_file_rules
         where error is not null or auth_method not in ('peer', 'reject', 'scram-sha-256')`,
    );
    assert.equal(weak, "0");
    const passwords = await superuserSql(
      stack.container(node),
      `select distinct split_part(rolpassword, '$', 1) from pg_authid where rolcanlogin`,
    );
    assert.equal(passwords, "SCRAM-SHA-256");
  }
});

test("refused: another stack's certificate and password", async () => {
  const other = await createAuthority(stack.name, 24, new Date());
  for (const attempt of [replicator, gate]) {
    const { user = "" } = attempt;
    const request = { commonName: user, usage: "client", names: [], validityHours: 1 } as const;
    const foreign = await issueLeaf(other, request, new Date());
    await refused(inside, { ...attempt, ...foreign }, /unknown ca|certificate/);
  }
  await refused(inside, { ...app, password: "another" }, /password authentication failed/);
});

test("replicas and the gate are connected over TLS 1.3 with their certificates, always", async () => {
  const replication = await superuserSql(
    stack.container(0),
    `select application_name, ssl, version, client_dn from pg_stat_ssl
       join pg_stat_replication using (pid)`,
  );
  assert.equal(replication, "pg_1|t|TLSv1.3|/CN=replicator");
  const status = await stack.command("status");
  assert.equal(status.code, 0, status.text);
  for (const node of [0, 1]) {
    const lines = (await logs(node)).split("\n");
    const authorized = lines.filter((line) => line.includes("connection authorized: "));
    const ours = authorized.filter((line) => /user=(replicator|sav3_gate) /.test(line));
    assert.ok(ours.some((line) => line.includes("user=sav3_gate")));
    for (const line of ours) assert.match(line, /SSL enabled \(protocol=TLSv1\.3/);
  }
});

test("a replica refuses a primary whose certificate has another name", async () => {
  const primary = stack.container(0);
  const read = async (container: string, name: string) =>
    (await exec(container, ["cat", `/etc/sav3/${name}`])).stdout;
  const write = async (name: string, content: string) => {
    const file = `/etc/sav3/${name}`;
    const finished = await exec(primary, ["sh", "-c", `cat > ${file}`], { input: content });
    assert.equal(finished.code, 0, finished.text);
  };
  const own = { crt: await read(primary, "server.crt"), key: await read(primary, "server.key") };
  const replica = stack.container(1);
  const since = new Date().toISOString();
  const present = async (crt: string, key: string) => {
    await write("server.crt", crt);
    await write("server.key", key);
    await superuserSql(primary, "select pg_reload_conf()");
    await superuserSql(primary, "select pg_terminate_backend(pid) from pg_stat_replication");
  };
  try {
    await present(await read(replica, "server.crt"), await read(replica, "server.key"));
    await eventually("the replica says why it does not connect", async () => {
      return (await logs(1, since)).includes('does not match host name "pg-primary"');
    });
    const count = await superuserSql(primary, "select count(*) from pg_stat_replication");
    assert.equal(count, "0");
  } finally {
    await present(own.crt, own.key);
  }
  await healthyAgain(stack);
});

test("tls.mode prefer, minVersion 1.2 and superuserAccess loosen exactly what they name", async () => {
  await stack.up({
    config: { tls: { mode: "prefer", minVersion: "1.2" }, superuserAccess: true },
  });
  const plain = { sslmode: "disable" };
  await accepted(inside, { ...app, more: plain });
  await accepted(inside, { ...app, more: { ssl_max_protocol_version: "TLSv1.2" } });
  await accepted(inside, superuser);
  await refused(inside, { ...superuser, more: plain }, /pg_hba.conf rejects/);
  for (const attempt of [gate, replicator]) {
    await refused(inside, { ...attempt, more: plain }, /pg_hba.conf rejects/);
  }
  await refused(inside, { ...app, more: { ssl_max_protocol_version: "TLSv1.1" } }, /./);
  const { adminUri, caCertificate } = await stack.outputs();
  assert.ok(adminUri !== undefined);
  const user = await connected({ uri: adminUri, ca: caCertificate }, (client) =>
    client.query<{ current_user: string }>("select current_user"),
  );
  assert.equal(user.rows[0]?.current_user, "postgres");

  await stack.unset("tls", "superuserAccess");
  await stack.up();
  await refused(inside, { ...app, more: plain }, /no encryption|pg_hba.conf rejects/);
  await refused(inside, superuser, /pg_hba.conf rejects connection/);
});

test("an own authority is taken over without a restart, names of the user are in the certificates", async () => {
  const own = await createAuthority("own", 24, new Date());
  const before = await stack.facts(0);
  await stack.pulumi(
    ["config", "set", "--plaintext", "--path", "sav3-postgres:tls.ca.certificate"],
    { input: own.certificate },
  );
  await stack.pulumi(["config", "set", "--secret", "--path", "sav3-postgres:tls.ca.privateKey"], {
    input: own.privateKey,
  });
  await stack.pulumi([
    ...["config", "set", "--plaintext", "--path", "sav3-postgres:tls.names[0]"],
    "db.example.org",
  ]);
  await stack.up();
  assert.equal((await stack.facts(0)).startedAt, before.startedAt);
  const more = { hostaddr: await addressOf(0) };
  await accepted(inside, { ...app, authority: own.certificate, host: "db.example.org", more });
  assert.equal((await stack.up()).total, 0);
});
