import { createHash } from "node:crypto";

/**
 * A name for a resource that the program left without one: `<name>-<7 hexadecimal digits>`.
 * The engine sends the same seed again where it expects the same name, so the digits come from the
 * generator of the released plugins (ChaCha8Rand, keyed by the seed's SHA-256).
 */
export function autoName(name: string, seed: Uint8Array): string {
  const key = createHash("sha256").update(seed).digest();
  // Four blocks are interleaved word by word; a digit takes two words, and is the first one's last.
  const blocks = [chachaBlock(key, 0), chachaBlock(key, 2)];
  let digits = "";
  for (let i = 0; i < 7; i++) digits += ((blocks[i % 2]?.[i >> 1] ?? 0) & 15).toString(16);
  return `${name}-${digits}`;
}

const ROUNDS = 8;
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

/** The first four words are final; the generator adds the key to later ones, which nobody reads here. */
function chachaBlock(key: Buffer, counter: number): Uint32Array {
  const state = new Uint32Array(16);
  state.set(CONSTANTS);
  for (let i = 0; i < 8; i++) state[4 + i] = key.readUInt32LE(4 * i);
  state[12] = counter;
  for (let round = 0; round < ROUNDS; round += 2) {
    for (const [a, b, c, d] of QUARTERS) {
      mix(state, a, b, d, 16);
      mix(state, c, d, b, 12);
      mix(state, a, b, d, 8);
      mix(state, c, d, b, 7);
    }
  }
  return state;
}

/** `to += from`, then `other` is mixed with it and rotated left by `bits`. */
function mix(state: Uint32Array, to: number, from: number, other: number, bits: number): void {
  const sum = ((state[to] ?? 0) + (state[from] ?? 0)) >>> 0;
  const mixed = (state[other] ?? 0) ^ sum;
  state[to] = sum;
  state[other] = ((mixed << bits) | (mixed >>> (32 - bits))) >>> 0;
}
