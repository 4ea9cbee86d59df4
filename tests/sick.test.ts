import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:net";
import { before, test } from "node:test";
import { query } from "./lib/database";
import { docker, superuserSql } from "./lib/docker";
import { measured } from "./lib/measured";
import { emptyData, healthyAgain, offline, setAside, shell, takeBack } from "./lib/sick";
import { testStack } from "./lib/stack";
import { eventually } from "./lib/wait";

const timeoutSeconds = 12;
const maxLagBytes = 1024 * 1024;
const stack = testStack({
  config: {
    replicas: 1,
    maxReplicationLagBytes: maxLagBytes,
    parameters: { max_slot_wal_keep_size: "64MB" },
  },
});
const primary = stack.container(0);
const replica = stack.container(1);

/** A sick cluster must not make a preview fail; two kinds of sickness show it. */
const previews = ["replica stopped", "replay paused"];

before(async () => {
  // Seeding may take its time; what comes later may not.
  await stack.up({ config: { healthTimeoutSeconds: 120 } });
  await stack.up({ config: { healthTimeoutSeconds: timeoutSeconds } });
});

/** The part of `npm run status -- --json` that says what is wrong. */
interface Status {
  readonly problems: readonly {
    readonly node: string;
    readonly code: string;
    readonly seen: string;
  }[];
}

/** One way to be ill. */
interface Sickness {
  readonly name: string;
  /** Makes the cluster sick. */
  readonly inject: () => Promise<unknown>;
  /** What gate and status must find on the node. */
  readonly code: string;
  /** How they put it in words. */
  readonly says: RegExp;
  readonly node?: string;
  /** No waiting can cure it: to be reported at once, not at the time-out. */
  readonly certain?: boolean;
  readonly repair: () => Promise<unknown>;
  readonly skip?: string;
}

const stopReplica = (): Promise<string> => docker("stop", "--time", "30", replica);
const startReplica = (): Promise<string> => docker("start", replica);
let verifier = "";
let impostor: Server | undefined;

/** Drops the replica's slot; paused, the replica cannot take it again in between. */
async function dropSlot(): Promise<void> {
  await docker("pause", replica);
  try {
    await eventually("the slot is dropped", async () => {
      await superuserSql(
        primary,
        `select pg_terminate_backend(active_pid, 2000) from pg_replication_slots where active;
         select pg_drop_replication_slot('pg_1')`,
      );
      return true;
    });
  } finally {
    await docker("unpause", replica);
  }
}

/** Writes so much WAL that a replica that does not read is far behind. */
async function writeWal(megabytes: number): Promise<void> {
  const address = await stack.primary();
  await query(address, "create table if not exists filler (text text)");
  for (let done = 0; done < megabytes; done += 16) {
    const row = "select repeat(md5(n::text), 32) from generate_series(1, 15000) n";
    await query(address, `insert into filler ${row}`);
  }
  await query(address, "truncate filler");
}

const sicknesses: readonly Sickness[] = [
  {
    name: "replica stopped",
    code: "container-stopped",
    inject: () => stopReplica(),
    says: /stopped|exited|not running/i,
    certain: true,
    repair: startReplica,
  },
  {
    name: "replica exited",
    code: "container-exited",
    inject: () => docker("kill", "--signal", "KILL", replica),
    says: /exit(ed)?\b.*137|137/,
    certain: true,
    repair: startReplica,
  },
  {
    name: "replay paused",
    code: "replay-paused",
    inject: () => superuserSql(replica, "select pg_wal_replay_pause()"),
    says: /paused/i,
    repair: () => superuserSql(replica, "select pg_wal_replay_resume()"),
  },
  {
    name: "lag over the limit",
    code: "lag",
    inject: async () => {
      await setAside(replica, "recovery_min_apply_delay", "1h");
      await writeWal(16);
    },
    says: /\d+ bytes behind pg-0/,
    repair: () => takeBack(replica, "recovery_min_apply_delay"),
  },
  {
    name: "primary read-only",
    code: "primary-read-only",
    inject: () => setAside(primary, "default_transaction_read_only", "on"),
    says: /read.only/i,
    node: "pg-0",
    repair: () => takeBack(primary, "default_transaction_read_only"),
  },
  {
    name: "wrong replication password",
    code: "replication-password",
    inject: async () => {
      verifier = await superuserSql(
        primary,
        "select rolpassword from pg_authid where rolname = 'replicator'",
      );
      await superuserSql(
        primary,
        `alter role replicator password 'something else';
         select pg_terminate_backend(active_pid) from pg_replication_slots where active`,
      );
    },
    says: /password authentication failed|replication password/i,
    repair: () => superuserSql(primary, `alter role replicator password '${verifier}'`),
  },
  {
    name: "slot missing",
    code: "slot-missing",
    inject: dropSlot,
    says: /the primary (has no slot pg_1|does not have its slot)/,
    repair: () => docker("restart", "--time", "30", replica),
  },
  {
    name: "slot lost",
    code: "slot-lost",
    inject: async () => {
      // Left running, the node would notice by itself and seed anew; paused, it cannot.
      await docker("pause", replica);
      await writeWal(160);
      await eventually("the slot is lost", async () => {
        const ask = "checkpoint; select wal_status from pg_replication_slots";
        return (await superuserSql(primary, ask)) === "lost";
      });
    },
    says: /lost/i,
    repair: () => docker("unpause", replica),
  },
  {
    name: "port answered by another program",
    code: "port-foreign",
    ...(process.platform === "linux" && process.getuid?.() === 0
      ? {}
      : { skip: "needs root on Linux to take a port away from Docker" }),
    inject: async () => {
      const { replicaUris } = await stack.outputs();
      const port = Number(new URL(replicaUris[0] ?? "").port);
      // The engine's own proxy of this one port; the container itself stays as it is.
      const found = execFileSync("pgrep", ["-f", `docker-proxy .*-host-port ${port} `]).toString();
      process.kill(Number(found.trim()));
      const server = createServer((socket) => {
        socket.on("error", () => undefined).end("220 another program\r\n");
      });
      await eventually("the port is free", async () => {
        await new Promise<void>((resolve, reject) => {
          server.once("error", reject).listen(port, "127.0.0.1", resolve);
        });
        return true;
      });
      impostor = server;
    },
    says: /answered by another program/,
    repair: async () => {
      impostor?.close();
      await docker("restart", "--time", "30", replica);
    },
  },
  {
    name: "replica of another cluster",
    code: "other-cluster",
    inject: async () => {
      await stopReplica();
      await offline(
        replica,
        "mv data data.kept; initdb -D data >/dev/null; touch data/standby.signal",
      );
      await startReplica();
    },
    says: /holds cluster \d+, the primary is cluster \d+/,
    certain: true,
    repair: async () => {
      await stopReplica();
      await offline(replica, "rm -rf data; mv data.kept data");
      await startReplica();
    },
  },
  {
    name: "replica on an old timeline",
    code: "timeline-old",
    inject: async () => {
      await setAside(replica, "recovery_target_timeline", "current");
      await stopReplica();
      await docker("stop", "--time", "30", primary);
      await offline(
        primary,
        `touch data/standby.signal
         pg_ctl -D data -w -o "-c config_file=/etc/sav3/postgresql.conf -c primary_conninfo= -c listen_addresses=" start >/dev/null
         pg_ctl -D data -w promote >/dev/null
         pg_ctl -D data -w -m fast stop >/dev/null`,
      );
      await docker("start", primary);
      await startReplica();
    },
    says: /on timeline \d|timeline and the primary's have parted/,
    repair: async () => {
      await shell(
        replica,
        "sed -i '/^recovery_target_timeline /d' /var/lib/postgresql/data/postgresql.auto.conf",
      );
      await docker("restart", "--time", "30", replica);
    },
  },
  {
    name: "replica promoted",
    code: "promoted",
    inject: () => superuserSql(replica, "select pg_promote()"),
    says: /promoted/,
    certain: true,
    repair: async () => {
      await stopReplica();
      await emptyData(replica);
      await startReplica();
    },
  },
];

for (const { name, inject, code, says, node = "pg-1", certain, repair, skip } of sicknesses) {
  const found = `${node}: ${code}`;
  test(`refused and named: ${name}`, { skip: skip ?? false }, async () => {
    try {
      await inject();
      await eventually(
        "status is 1 and says so",
        async () => {
          const status = await stack.command("status", ["--json"]);
          assert.equal(status.code, 1, status.text);
          const { problems } = JSON.parse(status.stdout) as Status;
          const named = problems.find((problem) => `${problem.node}: ${problem.code}` === found);
          assert.match(named?.seen ?? "", says, `${found} in ${status.text}`);
          return true;
        },
        { seconds: 60 },
      );
      if (previews.includes(name)) {
        const preview = await stack.preview();
        assert.equal(preview.code, 0, preview.text);
        assert.match(preview.text, says);
      }
      const up = await stack.failingUp();
      assert.match(up.text, says);
      assert.ok(
        up.text.split("\n").some((line) => line.trim().endsWith(found)),
        up.text,
      );
      const looked = Number(/looked for ([\d.]+) s/.exec(up.text)?.[1]);
      measured(`${name}: refused after`, `${looked} s`);
      if (certain === true) assert.ok(looked < timeoutSeconds / 2, `${looked} s`);
    } finally {
      await repair();
      await healthyAgain(stack, 90);
    }
  });
}

test("after all that, one up makes the state healthy and the next changes nothing", async () => {
  await stack.up({ config: { healthTimeoutSeconds: 120 } });
  assert.equal((await stack.up()).total, 0);
});
