import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { connect, createServer } from "node:tls";
import {
  createAuthority,
  createRevocationList,
  crossSign,
  issueLeaf,
  serialOf,
  type KeyPair,
} from "../tls/x509";
import { tlsOptions } from "./connection";
import type { GatePlan } from "./types";

const now = new Date();
const node = {
  node: "pg-0",
  containerId: "",
  containerName: "",
  address: "127.0.0.1",
  port: 0,
  slot: "",
};

function leaf(authority: KeyPair, commonName = "pg-0"): Promise<KeyPair> {
  const names = [commonName];
  return issueLeaf(authority, { commonName, usage: "server", names, validityHours: 1 }, now);
}

function list(authority: KeyPair, ...revoked: KeyPair[]): Promise<string> {
  const entries = revoked.map(({ certificate }) => ({
    serial: serialOf(certificate),
    at: now.toISOString(),
  }));
  return createRevocationList(authority, entries, now);
}

/** What the gate says to a server with this certificate: empty when it accepts it, the error's code otherwise. */
async function handshake(server: KeyPair, ca: string, crl: string): Promise<string> {
  const plan: GatePlan = {
    dockerHost: "",
    nodes: [node],
    primary: "pg-0",
    password: "",
    // Any pair will do for the gate's own: this server does not ask for it.
    ...server,
    ca,
    crl,
    maxLagBytes: 0,
  };
  const listener = createServer({ cert: server.certificate, key: server.privateKey });
  listener.on("tlsClientError", () => undefined);
  await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
  const { port } = listener.address() as AddressInfo;
  const options = tlsOptions(plan, node, "127.0.0.1");
  const answer = await new Promise<string>((resolve) => {
    const socket = connect({ ...options, host: "127.0.0.1", port }, () => {
      socket.end();
      resolve("");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
  listener.close();
  return answer;
}

describe("the gate's connection", () => {
  it("refuses a revoked server, one of another name and one of a stranger", async () => {
    const authority = await createAuthority("test", 24, now);
    const [old, fresh] = [await leaf(authority), await leaf(authority)];
    const [ca, crl] = [authority.certificate, await list(authority, old)];
    assert.equal(await handshake(fresh, ca, crl), "");
    assert.equal(await handshake(old, ca, crl), "CERT_REVOKED");
    assert.equal(await handshake(old, ca, ""), "", "without lists nothing is revoked");
    const other = await leaf(authority, "pg-1");
    assert.equal(await handshake(other, ca, crl), "ERR_TLS_CERT_ALTNAME_INVALID");
    const stranger = await leaf(await createAuthority("test", 24, now));
    assert.match(await handshake(stranger, ca, crl), /UNABLE_TO_VERIFY|UNABLE_TO_GET/);
  });

  it("goes by the newer of two lists of one authority", async () => {
    const authority = await createAuthority("test", 24, now);
    const server = await leaf(authority);
    const earlier = await createRevocationList(authority, [], new Date(now.getTime() - 60_000));
    const lists = (await list(authority, server)) + earlier;
    assert.equal(await handshake(server, authority.certificate, lists), "CERT_REVOKED");
  });

  it("verifies whatever the environment says", async () => {
    const [authority, foreign] = [
      await createAuthority("test", 24, now),
      await createAuthority("test", 24, now),
    ];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const answer = await handshake(await leaf(foreign), authority.certificate, "");
      assert.match(answer, /UNABLE_TO_VERIFY|UNABLE_TO_GET/);
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });

  it("accepts servers of both authorities during a change-over, less what either revoked", async () => {
    const [before, after] = [
      await createAuthority("test", 24, now),
      await createAuthority("test", 24, now),
    ];
    const cross = await crossSign(after.certificate, before);
    const sends = ({ certificate, privateKey }: KeyPair) => ({
      certificate: certificate + cross,
      privateKey,
    });
    const [oldGood, oldBad] = [await leaf(before), await leaf(before)];
    const [newGood, newBad] = [await leaf(after), await leaf(after)];
    const ca = after.certificate + before.certificate;
    const crl = (await list(after, newBad)) + (await list(before, oldBad));
    assert.equal(await handshake(oldGood, ca, crl), "");
    assert.equal(await handshake(sends(newGood), ca, crl), "");
    assert.equal(await handshake(oldBad, ca, crl), "CERT_REVOKED");
    assert.equal(await handshake(sends(newBad), ca, crl), "CERT_REVOKED");
  });
});
