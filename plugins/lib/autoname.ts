import { createHash } from "node:crypto";

/**
 * A name for a resource that the program left without one: `<name>-<7 hexadecimal digits>`.
 * The engine sends the same seed in a preview and in the update it belongs to, and expects the
 * same name from it, so the digits come from the generator that the released plugins use
 * (ChaCha with 12 rounds, keyed by the seed's SHA-256).
 */
export function autoName(name: string, seed: Uint8Array): string {
  const key = createHash("sha256").update(seed).digest();
  const stream = Buffer.concat([chachaBlock(key, 0), chachaBlock(key, 1)]);
  // The first 32 bytes are the generator's next key; each digit then takes 8 bytes, modulo 16.
  let digits = "";
  for (let i = 0; i < 7; i++) digits += ((stream[32 + 8 * i] ?? 0) % 16).toString(16);
  return `${name}-${digits}`;
}

const ROUNDS = 12;
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
/** Columns, then diagonals, of the 4 x 4 state. */
const QUARTERS: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

function chachaBlock(key: Buffer, counter: number): Buffer {
  const start = new Uint32Array(16);
  start.set(CONSTANTS);
  for (let i = 0; i < 8; i++) start[4 + i] = key.readUInt32LE(4 * i);
  start[12] = counter;
  const state = Uint32Array.from(start);
  for (let round = 0; round < ROUNDS; round += 2) {
    for (const [a, b, c, d] of QUARTERS) {
      mix(state, a, b, d, 16);
      mix(state, c, d, b, 12);
      mix(state, a, b, d, 8);
      mix(state, c, d, b, 7);
    }
  }
  const block = Buffer.alloc(64);
  state.forEach((word, i) => block.writeUInt32LE((word + (start[i] ?? 0)) >>> 0, 4 * i));
  return block;
}

/** `to += from`, then `other` is mixed with it and rotated left by `bits`. */
function mix(state: Uint32Array, to: number, from: number, other: number, bits: number): void {
  const sum = ((state[to] ?? 0) + (state[from] ?? 0)) >>> 0;
  const mixed = (state[other] ?? 0) ^ sum;
  state[to] = sum;
  state[other] = ((mixed << bits) | (mixed >>> (32 - bits))) >>> 0;
}
