import { assert, assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { EncoderDecoder } from "../../../model/mod.ts";
import { Translator } from "../../../model/translation/mod.ts";
import { logitsOf } from "../logits.ts";
import { CONFIG, modelOf, SOURCES } from "./models.ts";

/** The likeliest token after each of a translation's, computed without any cache. */
async function greedyWithoutCache(
  model: EncoderDecoder,
  source: Uint32Array,
  most: number,
): Promise<number[]> {
  const { context: T, outputSize: K, startId, endId } = model.config;
  const tokens: number[] = [];
  while (tokens.length < most) {
    const padded = (ids: ArrayLike<number>) =>
      Uint32Array.from({ length: T }, (_, t) => ids[t] ?? 0);
    const batch = {
      ...{ index: 0, B: 1, T, rows: new Int32Array(1), lengths: Uint32Array.of(tokens.length + 1) },
      tokens: padded([startId, ...tokens]),
      targets: new Int32Array(T).fill(-1),
      source: { tokens: padded(source), lengths: Uint32Array.of(source.length) },
    };
    const logits = await logitsOf(model, batch);
    const row = logits.subarray(tokens.length * K, (tokens.length + 1) * K);
    const next = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
    if (next === endId) break;
    tokens.push(next);
  }
  return tokens;
}

Deno.test("Translator: greedy search with caches finds what the whole model finds without", async () => {
  using device = await Device.open();
  using model = await modelOf(device, 5);
  using translator = await Translator.create(model, { beams: 1, batchSize: 3 });
  const found = await translator.translate(SOURCES);
  for (const [i, source] of SOURCES.entries()) {
    assertEquals(found[i].tokens, await greedyWithoutCache(model, source, 12), `text ${i}`);
  }
  assert(new Set(found.map(({ tokens }) => tokens.join())).size > 1);
});

Deno.test("Translator: beams are at least as likely, the same alone, and obey the rules", async () => {
  using device = await Device.open();
  using model = await modelOf(device, 6);
  using wide = await Translator.create(model, { beams: 4, batchSize: 4 });
  using greedy = await Translator.create(model, { beams: 1, batchSize: 4 });
  const options = { lengthPenalty: 0, maxTokens: 7 };
  const [beams, single] = [
    await wide.translate(SOURCES, options),
    await greedy.translate(SOURCES, options),
  ];
  // Greedy search may end before its end token; such sums are no whole translation's.
  beams.forEach(({ score, tokens }, i) => {
    if (single[i].tokens.length < 7 && tokens.length < 7) {
      assert(score >= single[i].score - 1e-5, `${score} of beams, ${single[i].score} alone`);
    }
    assert(tokens.every((id) => id < CONFIG.outputSize) && tokens.length <= 7);
  });
  for (const [i, source] of SOURCES.entries()) {
    assertEquals(await wide.translate([source], options), [beams[i]], `text ${i}`);
  }
  for (const { tokens } of await wide.translate(SOURCES, { noRepeatNgram: 1 })) {
    assertEquals(new Set(tokens).size, tokens.length);
  }
});

Deno.test("Translator: texts that are empty or too long, and options out of range, are refused", async () => {
  using device = await Device.open();
  using model = EncoderDecoder.create(device, CONFIG, { seed: 1 });
  using translator = await Translator.create(model, { beams: 1, batchSize: 1 });
  assertEquals(await translator.translate([]), []);
  await assertRejects(
    () => translator.translate([Uint32Array.of(2), new Uint32Array(13)]),
    RangeError,
    "Cannot translate text 1: wanted 1 to 12 tokens, got 13; shorten it",
  );
  await assertRejects(
    () => translator.translate([Uint32Array.of(2)], { maxTokens: 13 }),
    RangeError,
    "Cannot translate: maxTokens must be a whole number from 1 to 12, got 13",
  );
  await assertRejects(
    () => Translator.create(model, { beams: 11 }),
    RangeError,
    "Cannot translate: beams must be a whole number from 1 to 10, got 11",
  );
});
