import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { authorityProvider, authorityValidityHours } from "./authority";
import { createAuthority, isDue } from "./x509";

const inputs = {
  stack: "test",
  ownCertificate: "",
  ownPrivateKey: "",
  rotation: "",
  retire: "",
  leafValidityHours: 2160,
};

type State = Awaited<ReturnType<typeof authorityProvider.create>>["outs"];

/** One `up`: asks diff, updates when told to, and checks that the next `up` would change nothing. */
async function up(state: State, news: typeof inputs): Promise<State> {
  const { changes } = await authorityProvider.diff("id", state, news);
  if (!changes) return state;
  const { outs } = await authorityProvider.update("id", state, news);
  assert.deepEqual(await authorityProvider.diff("id", outs, news), { changes: false });
  return outs;
}

async function ownAuthority() {
  const { certificate, privateKey } = await createAuthority("own", 24, new Date());
  return { ownCertificate: certificate, ownPrivateKey: privateKey };
}

describe("the authority's rotation", () => {
  it("trusts the authority before until it is retired, then only the new one", async () => {
    const { outs: first } = await authorityProvider.create(inputs);
    assert.equal(first.previous, "");

    const second = await up(first, { ...inputs, rotation: "r1" });
    assert.notEqual(second.certificate, first.certificate);
    assert.equal(second.previous, first.certificate);
    assert.notEqual(second.crossCertificate, "");

    const third = await up(second, { ...inputs, rotation: "r1", retire: "r1" });
    assert.equal(third.certificate, second.certificate);
    assert.deepEqual([third.previous, third.crossCertificate], ["", ""]);
  });

  it("retires with any new text, whatever asked for the change-over", async () => {
    const own = await ownAuthority();
    const { outs: generated } = await authorityProvider.create(inputs);
    let state = await up(generated, { ...inputs, ...own });
    assert.notEqual(state.previous, "", "an own authority, never rotated");
    state = await up(state, { ...inputs, ...own, retire: "f1" });
    assert.deepEqual([state.previous, state.crossCertificate], ["", ""]);

    const retired = { ...inputs, rotation: "r1", retire: "r1" };
    const soon = new Date(Date.now() + 1_000 * 3_600_000).toISOString();
    const { outs } = await authorityProvider.create(retired);
    state = await up({ ...outs, notAfter: soon }, retired);
    assert.notEqual(state.previous, "", "renewed by age, both texts equal already");
    state = await up(state, { ...retired, retire: "f2" });
    assert.equal(state.previous, "");
  });

  it("keeps the overlap of an authority that is made in the update that retires the one before", async () => {
    const { outs: first } = await authorityProvider.create(inputs);
    const second = await up(first, { ...inputs, rotation: "r1" });
    const third = await up(second, { ...inputs, rotation: "r2", retire: "f1" });
    assert.equal(third.previous, second.certificate);
  });

  it("starts anew with the next text although the retired one still stands", async () => {
    let state = (await authorityProvider.create(inputs)).outs;
    state = await up(state, { ...inputs, rotation: "r1", retire: "r1" });
    assert.equal(state.previous, "");
    const before = state.certificate;
    state = await up(state, { ...inputs, rotation: "r2", retire: "r1" });
    assert.equal(state.previous, before);
  });

  it("keeps the overlap when an own authority is exchanged after an earlier rotation", async () => {
    const [own, other] = [await ownAuthority(), await ownAuthority()];
    const retired = { ...inputs, rotation: "r1", retire: "r1" };
    let state = (await authorityProvider.create({ ...retired, ...own })).outs;
    state = await up(state, { ...retired, ...other });
    assert.equal(state.certificate, other.ownCertificate);
    assert.equal(state.previous, own.ownCertificate);
  });

  it("changes between a generated and an own authority with the same overlap", async () => {
    const own = await ownAuthority();
    const { outs: generated } = await authorityProvider.create(inputs);
    const owned = await up(generated, { ...inputs, ...own });
    assert.equal(owned.previous, generated.certificate);
    const back = await up(owned, inputs);
    assert.equal(back.previous, own.ownCertificate);
  });

  it("renews by itself before it could not outlive a certificate, and is never due at once", async () => {
    const { outs } = await authorityProvider.create(inputs);
    const soon = new Date(Date.now() + 1_000 * 3_600_000).toISOString();
    const renewed = await up({ ...outs, notAfter: soon }, inputs);
    assert.equal(renewed.previous, outs.certificate);
    for (const hours of [0.05, 2160, 87_600, 1_000_000]) {
      const end = new Date(Date.now() + authorityValidityHours(hours) * 3_600_000).toISOString();
      assert.equal(isDue(end, hours, new Date()), false);
    }
  });
});
