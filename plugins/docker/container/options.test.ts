import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { planState, settled } from "../../lib/plan";
import type { Properties } from "../../lib/values";
import { containerFields } from "./fields";
import { createOptions, nanoseconds } from "./options";
import { duration } from "./state";

/** What the engine is asked for when the program gives these inputs. */
function asked(inputs: Properties) {
  const planned = planState(containerFields, { name: "c", image: "i", ...inputs }, undefined);
  return createOptions(settled(planned));
}

describe("what the engine is asked for", () => {
  test("sizes are megabytes in the program and bytes in the engine", () => {
    const { HostConfig: host } = asked({
      memory: 1024,
      memorySwap: 1024,
      shmSize: 256,
      cpus: "1.5",
    });
    assert.deepEqual(
      [host?.Memory, host?.MemorySwap, host?.ShmSize, host?.NanoCpus],
      [1 << 30, 1 << 30, 256 << 20, 1.5e9],
    );
  });

  test("a memorySwap of -1 means without limit", () => {
    assert.equal(asked({ memory: 64, memorySwap: -1 }).HostConfig?.MemorySwap, -1);
  });

  test("ports without an address are published everywhere, without a number anywhere free", () => {
    const { HostConfig: host } = asked({ ports: [{ internal: 5432 }] });
    assert.deepEqual(host?.PortBindings, { "5432/tcp": [{ HostIp: "0.0.0.0", HostPort: "0" }] });
  });

  test("volumes become binds, read-write unless said otherwise", () => {
    const volumes = [
      { volumeName: "data", containerPath: "/data" },
      { hostPath: "/etc", containerPath: "/host", readOnly: true },
    ];
    const { HostConfig: host } = asked({ volumes });
    assert.deepEqual(host?.Binds, ["data:/data:rw", "/etc:/host:ro"]);
  });

  test("a volume without a path is refused", () => {
    assert.throws(() => asked({ volumes: [{ volumeName: "data" }] }), /without container path/);
  });

  test("what is not given is not sent", () => {
    const options = asked({});
    for (const name of ["Cmd", "Entrypoint", "Env", "User", "StopSignal", "Healthcheck"]) {
      assert.ok(!(name in options), name);
    }
  });
});

test("durations survive the way through the engine", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 * 3600 }),
      fc.integer({ min: 0, max: 999 }),
      (s, ms) => {
        const length = s * 1e9 + ms * 1e6;
        assert.equal(nanoseconds(duration(length)), length);
      },
    ),
  );
  assert.equal(duration(90e9), "1m30s");
  assert.equal(duration(3600e9), "1h0m0s");
  assert.equal(duration(500e6), "500ms");
});
