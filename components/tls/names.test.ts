import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkName, serverNames } from "./names";

describe("names of a server certificate", () => {
  it("are the node, its aliases, this host, the published address and the user's, each once", () => {
    assert.deepEqual(
      serverNames("pg-0", ["pg-primary"], "192.0.2.7", ["db.example.org", "localhost"]),
      ["pg-0", "pg-primary", "localhost", "127.0.0.1", "192.0.2.7", "db.example.org"],
    );
  });

  it("leave out addresses that mean every interface", () => {
    for (const every of ["0.0.0.0", "::"]) {
      assert.deepEqual(serverNames("pg-1", [], every, []), ["pg-1", "localhost", "127.0.0.1"]);
    }
  });

  it("given by the user are DNS names or addresses", () => {
    for (const good of ["db.example.org", "*.example.org", "db", "192.0.2.7", "2001:db8::1"]) {
      assert.equal(checkName(good), undefined, good);
    }
    const bad = ["", "a b", "-a.b", "a..b", "db.example.org.", "a_b", "1.2.3", "0.0.0.0", "::"];
    bad.push("x".repeat(64), "*", "a.*.b", "https://db", "db:5432", "fe80::1%eth0");
    for (const one of bad) assert.notEqual(checkName(one), undefined, one);
  });
});
