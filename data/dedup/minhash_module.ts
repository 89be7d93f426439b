import { assemble, type Code, i32, i64, type Local, loop, select, when } from "./assembler.ts";

/** The functions of the module; all places are byte offsets in its memory. */
export interface MinhashModule {
  /** XXH64 with seed 0 of the bytes from start to end, exclusive; the hash goes to `out`. */
  hash(start: number, end: number, out: number): void;
  /**
   * Lowers the minima of hash functions by the hashes from start to end, exclusive. From `family`
   * to `familyEnd` stand a, b and the minimum so far of each function, which is h → ((a·h + b) mod
   * 2⁶⁴) mod (2⁶¹ - 1).
   */
  lower(start: number, end: number, family: number, familyEnd: number): void;
}

/** Bytes of one function of a family: a, b and its minimum. */
export const FUNCTION_BYTES = 24;
/** The minimum of no hashes: the prime 2⁶¹ - 1, which all remainders are below. */
export const NO_MINIMUM: bigint = (1n << 61n) - 1n;

/** A module that works in a memory; compiling its 1 kB takes under a millisecond. */
export function minhashModule(memory: WebAssembly.Memory): MinhashModule {
  const module = new WebAssembly.Module(assemble([HASH, LOWER]));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as MinhashModule;
}

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const times = (a: Code, factor: bigint) => i64.mul(a, i64.const(factor));
const plus = (a: Code, term: bigint) => i64.add(a, i64.const(term));
const rotate = (a: Code, bits: bigint) => i64.rotl(a, i64.const(bits));
const round = (lane: Code, word: Code) => times(rotate(i64.add(lane, times(word, P2)), 31n), P1);
const fold = (x: Local, bits: bigint) => x.set(i64.xor(x.get, i64.shr(x.get, i64.const(bits))));

/** Yann Collet, "xxHash fast digest algorithm", specification 0.1.1, XXH64. */
const HASH = {
  name: "hash",
  parameters: ["start", "end", "out"],
  locals: { x: "i64", v0: "i64", v1: "i64", v2: "i64", v3: "i64", length: "i64" },
  body({ start, end, out, x, v0, v1, v2, v3, length }: Record<string, Local>): Code[] {
    const lanes = [v0, v1, v2, v3];
    const left = i32.sub(end.get, start.get);
    const skip = (bytes: number) => start.set(i32.add(start.get, i32.const(bytes)));
    const atLeast = (bytes: number) => i32.le(i32.const(bytes), left);
    const stripes = [
      v0.set(i64.const(P1 + P2)),
      v1.set(i64.const(P2)),
      v2.set(i64.const(0n)),
      v3.set(i64.const(-P1)),
      loop(
        atLeast(32),
        ...lanes.map((lane, i) => lane.set(round(lane.get, i64.load(start.get, 8 * i)))),
        skip(32),
      ),
      x.set([1n, 7n, 12n, 18n].map((bits, i) => rotate(lanes[i].get, bits)).reduce(i64.add)),
      ...lanes.map((lane) =>
        x.set(plus(times(i64.xor(x.get, round(i64.const(0n), lane.get)), P1), P4))
      ),
    ];
    return [
      length.set(i64.extend(left)),
      when(atLeast(32), stripes, [x.set(i64.const(P5))]),
      x.set(i64.add(x.get, length.get)),
      loop(
        atLeast(8),
        x.set(i64.xor(x.get, round(i64.const(0n), i64.load(start.get)))),
        x.set(plus(times(rotate(x.get, 27n), P1), P4)),
        skip(8),
      ),
      when(atLeast(4), [
        x.set(i64.xor(x.get, times(i64.load32(start.get), P1))),
        x.set(plus(times(rotate(x.get, 23n), P2), P3)),
        skip(4),
      ]),
      loop(
        atLeast(1),
        x.set(i64.xor(x.get, times(i64.load8(start.get), P5))),
        x.set(times(rotate(x.get, 11n), P1)),
        skip(1),
      ),
      fold(x, 33n),
      x.set(times(x.get, P2)),
      fold(x, 29n),
      x.set(times(x.get, P3)),
      fold(x, 32n),
      i64.store(out.get, x.get),
    ];
  },
} as const;

/*
 * Almost no hash is a new minimum, so most must be passed over by few instructions. With
 * x = (a·h + b) mod 2⁶⁴ and p = 2⁶¹ - 1, the value is v = (x & p) + (x >> 61), less p where it
 * reaches p. Now t = (8·(a·h + b + 8)) mod 2⁶⁴ is 8·(((x & p) + 8) mod 2⁶¹): where v is less than
 * the minimum m, either x & p <= v < m, so t <= 8·(m + 8); or v was brought down by p, so
 * x & p >= p - 7, and t < 64. Only hashes with t <= 8·(m + 8) are computed in full.
 */
const SLACK = 8n;

const LOWER = {
  name: "lower",
  parameters: ["start", "end", "family", "familyEnd"],
  locals: {
    at: "i32",
    a: "i64",
    b: "i64",
    a8: "i64",
    b8: "i64",
    limit: "i64",
    minimum: "i64",
    v: "i64",
  },
  body(variables: Record<string, Local>): Code[] {
    const { start, end, family, familyEnd, at, a, b, a8, b8, limit, minimum, v } = variables;
    const shift = (x: Code) => i64.shl(x, i64.const(3n));
    const value = i64.add(i64.mul(i64.load(at.get), a.get), b.get);
    const setLimit = [
      // The largest minimum whose limit is below 2⁶⁴ has that of all larger ones: all of them.
      limit.set(i64.const(NO_MINIMUM - SLACK)),
      limit.set(select(i64.lt(minimum.get, limit.get), minimum.get, limit.get)),
      limit.set(shift(plus(limit.get, SLACK))),
    ];
    return [loop(
      i32.lt(family.get, familyEnd.get),
      a.set(i64.load(family.get)),
      b.set(i64.load(family.get, 8)),
      minimum.set(i64.load(family.get, 16)),
      a8.set(shift(a.get)),
      b8.set(shift(plus(b.get, SLACK))),
      ...setLimit,
      at.set(start.get),
      loop(
        i32.lt(at.get, end.get),
        when(i64.le(i64.add(i64.mul(i64.load(at.get), a8.get), b8.get), limit.get), [
          v.set(value),
          v.set(i64.add(
            i64.and(v.get, i64.const(NO_MINIMUM)),
            i64.shr(v.get, i64.const(61n)),
          )),
          v.set(select(
            i64.ge(v.get, i64.const(NO_MINIMUM)),
            i64.sub(v.get, i64.const(NO_MINIMUM)),
            v.get,
          )),
          when(i64.lt(v.get, minimum.get), [minimum.set(v.get), ...setLimit]),
        ]),
        at.set(i32.add(at.get, i32.const(8))),
      ),
      i64.store(family.get, minimum.get, 16),
      family.set(i32.add(family.get, i32.const(FUNCTION_BYTES))),
    )];
  },
} as const;
