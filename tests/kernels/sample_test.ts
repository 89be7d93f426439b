import { assert, assertEquals, assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { NO_TOKEN, sampleTokens } from "../../kernels/sample/mod.ts";
import * as reference from "../../kernels/sample/reference.ts";
import { threefry2x32 } from "../../kernels/random/reference.ts";
import { input, LADDER, normal, type OpCase, random, testOp, update } from "./contract.ts";

type Options = Partial<Omit<reference.SampleSettings, "seed">>;

const bits = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];

/** The settings of a slot in the words of the GPU. */
function words(
  { temperature = 1, topK = 0, topP = 1, minP = 0 }: Options,
  seed: [number, number],
): number[] {
  const first = [bits(temperature), topK, bits(topP), bits(minP)];
  return [...first, ...seed, 0, 0, 0, 0, 0, 0];
}

/** Option sets that rows take in turn. */
const OPTIONS: Options[] = [
  { temperature: 0 },
  {},
  { temperature: 0.7 },
  { topK: 1 },
  { topK: 5 },
  { topK: 1000, temperature: 1.3 },
  { topP: 0.5 },
  { topP: 0.95 },
  { topP: 0 },
  { topP: 1e-9 },
  { minP: 0.1 },
  { topK: 20, topP: 0.8, minP: 0.05, temperature: 1.5 },
];

function drawing(
  { R, V, rows = R, lanes = 8 }: { R: number; V: number; rows?: number; lanes?: number },
): OpCase<{ rows: number; lanes: number }> {
  const slots = R + 1;
  const value = normal(V);
  return {
    label: `${rows} of ${R} rows, V = ${V}, lanes ${lanes}`,
    tensors: {
      logits: input([R, V], () => 3 * value()),
      picks: input([R, 4], (i) => [0, R - (i >> 2), 7 * (i >> 2), 0][i & 3], "u32"),
      settings: input([slots, 12], (i) => {
        const slot = Math.floor(i / 12);
        return words(OPTIONS[slot % OPTIONS.length], [slot * 77, slot % 3])[i % 12];
      }, "u32"),
      last: update([slots], () => 5, "u32"),
      counts: update([slots, V], (i) => i % 9, "u32"),
      chosen: update([R], () => 3, "u32"),
    },
    options: { rows, lanes },
    sizes: { R: rows, V, random: threefry2x32 },
    tolerance: 0,
  };
}

testOp("sampleTokens: equals the reference", sampleTokens, reference.sampleTokens, [
  ...[1, 65, 257].map((V) => drawing({ R: 25, V })),
  ...[1, 65, 257].map((V) => drawing({ R: 25, V, lanes: 16 })),
  ...LADDER.map((rows) => drawing({ R: 257, rows, V: 31 })),
  drawing({ R: 12, V: 50_257 }),
]);

/** Draws a token at each of `count` positions with the same logits and settings. */
async function draws(
  device: Device,
  logits: Float32Array,
  options: Options,
  { count = 1024, seed = 1 } = {},
): Promise<number[]> {
  const V = logits.length;
  using stack = new DisposableStack();
  const made = (name: string, shape: number[], dtype: "f32" | "u32" = "u32") =>
    stack.use(device.tensor(name, shape, dtype));
  const t = {
    logits: made("logits", [count, V], "f32"),
    picks: made("picks", [count, 4]),
    settings: made("settings", [count, 12]),
    last: made("last", [count]),
    counts: made("counts", [count, V]),
    chosen: made("chosen", [count]),
  };
  const repeated = new Float32Array(count * V);
  for (let i = 0; i < count; i++) repeated.set(logits, i * V);
  t.logits.write(repeated);
  t.picks.write(Uint32Array.from({ length: 4 * count }, (_, i) => i % 4 === 0 ? 0 : i >> 2));
  const setting = words(options, [seed, 0]);
  t.settings.write(Uint32Array.from({ length: 12 * count }, (_, i) => setting[i % 12]));
  using recording = await device.record("draws", (pass) => sampleTokens(pass, t, { lanes: 8 }));
  recording.run();
  return [...await t.chosen.read()];
}

/** Share of chi-square values of k degrees of freedom above x (Wilson & Hilferty 1931). */
function tail(x: number, k: number): number {
  const z = ((x / k) ** (1 / 3) - (1 - 2 / (9 * k))) / Math.sqrt(2 / (9 * k));
  const t = 1 / (1 + 0.3275911 * Math.abs(z) / Math.SQRT2);
  const erf = 1 -
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) *
      t * Math.exp(-z * z / 2);
  return z > 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

Deno.test("sampleTokens: draws follow the softmax of what is kept", async (t) => {
  using device = await Device.open();
  const next = normal(11);
  const logits = Float32Array.from({ length: 65 }, () => 1.5 * next());
  for (const options of OPTIONS.filter(({ temperature }) => temperature !== 0)) {
    await t.step(JSON.stringify(options), async () => {
      const found = new Map<number, number>();
      let count = 0;
      for (let seed = 1; seed <= 8; seed++) {
        for (const token of await draws(device, logits, options, { seed })) {
          found.set(token, (found.get(token) ?? 0) + 1);
          count++;
        }
      }
      const settings = { temperature: 1, topK: 0, topP: 1, minP: 0, ...options, seed: [0, 0] };
      const expected = reference.keptProbabilities(logits, settings as reference.SampleSettings);
      let [square, cells, rare, rareFound] = [0, 0, 0, 0];
      expected.forEach((p, token) => {
        const seen = found.get(token) ?? 0;
        if (p === 0) assertEquals(seen, 0, `token ${token} is not kept`);
        else if (p * count < 5) [rare, rareFound] = [rare + p * count, rareFound + seen];
        else [square, cells] = [square + (seen - p * count) ** 2 / (p * count), cells + 1];
      });
      if (rare > 0) [square, cells] = [square + (rareFound - rare) ** 2 / rare, cells + 1];
      if (cells > 1) assert(tail(square, cells - 1) > 1e-4, `chi-square ${square}, ${cells} cells`);
    });
  }
});

Deno.test("sampleTokens: equals at the border of top-k and top-p are all kept, of the likeliest the first is taken", async () => {
  using device = await Device.open();
  const logits = Float32Array.of(1, 4, 2, 4, 3, 3, 0, 1);
  const seen = async (options: Options) =>
    [...new Set(await draws(device, logits, options))].sort();
  assertEquals(await seen({ temperature: 0 }), [1]);
  assertEquals(await seen({ topK: 1 }), [1, 3]);
  assertEquals(await seen({ topK: 3 }), [1, 3, 4, 5]);
  assertEquals(await seen({ topP: 0.3 }), [1, 3]);
  assertEquals(await seen({ topP: 0.75 }), [1, 3, 4, 5]);
});

Deno.test("sampleTokens: broken logits and rows without a token are told, not chosen", async () => {
  using device = await Device.open();
  const random4 = random(4);
  const logits = Float32Array.from({ length: 70 }, random4);
  const first = async (at: Record<number, number>, options: Options) => {
    const row = logits.slice();
    for (const [i, value] of Object.entries(at)) row[Number(i)] = value;
    return (await draws(device, row, options, { count: 1 }))[0];
  };
  for (const options of [{ temperature: 0 }, { topK: 3 }, {}]) {
    assertEquals(await first({ 66: NaN }, options), NO_TOKEN.broken);
    assertEquals(await first({ 0: Infinity }, options), NO_TOKEN.broken);
    assert(await first({ 3: -Infinity }, options) < 70);
  }
  const forbidden = Object.fromEntries(logits.entries().map(([i]) => [i, -3.4028235e38]));
  assertEquals(await first(forbidden, {}), NO_TOKEN.forbidden);
  assertEquals(await first(forbidden, { temperature: 0 }), NO_TOKEN.forbidden);
  assertEquals(await first({ ...forbidden, 9: -50 }, { topP: 0.9, topK: 2 }), 9);
});

Deno.test("sampleTokens: shapes that do not fit are named", async () => {
  using device = await Device.open();
  const made = (shape: number[], dtype: "f32" | "u32" = "u32") => device.tensor("t", shape, dtype);
  const t = {
    logits: made([2, 9], "f32"),
    picks: made([3, 4]),
    settings: made([2, 12]),
    last: made([2]),
    counts: made([2, 9]),
    chosen: made([3]),
  };
  assertThrows(
    () => sampleTokens(new Pass(device), t),
    RangeError,
    "Cannot run sampleTokens: 3 rows wanted, 2 given",
  );
  assertThrows(
    () => sampleTokens(new Pass(device), { ...t, last: made([3]) }),
    RangeError,
    "Cannot run sampleTokens: last must be [2], got [3]",
  );
});
