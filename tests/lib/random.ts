import { randomBytes } from "node:crypto";
import { measured } from "./measured";

/** A repeatable source of chance. */
export interface Random {
  /** The seed; give it as SAV3_SEED to see the same numbers again. */
  readonly seed: number;
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
}

/** mulberry32: 32 bits of state are plenty for choosing moments. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, between: (low, high) => low + Math.floor(next() * (high - low + 1)) };
}

/** The seed of SAV3_SEED, or a new one; printed, so that a failure can be run again. */
export function random(): Random {
  const given = process.env["SAV3_SEED"];
  const seed = given === undefined ? randomBytes(4).readUInt32LE() : Number(given);
  if (!Number.isInteger(seed)) throw new Error(`SAV3_SEED=${String(given)} is not a whole number`);
  measured("seed, for SAV3_SEED", String(seed));
  return seeded(seed);
}
