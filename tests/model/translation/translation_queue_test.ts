import { assert, assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { TranslationQueue, Translator } from "../../../model/translation/mod.ts";
import { modelOf, SOURCES } from "./models.ts";

Deno.test("TranslationQueue: who asks with others gets what a translator finds alone", async () => {
  using device = await Device.open();
  using model = await modelOf(device, 6);
  using queue = new TranslationQueue(model);
  const asked = [
    { beams: 2, lengthPenalty: 0 },
    { beams: 2, maxTokens: 3 },
    { beams: 1 },
    { beams: 2, noRepeatNgram: 1 },
  ];
  const found = await Promise.all(asked.map((options) => queue.translate(SOURCES, options)));
  for (const [i, { beams, ...options }] of asked.entries()) {
    using translator = await Translator.create(model, { beams, batchSize: 2 });
    assertEquals(found[i], await translator.translate(SOURCES, options), `request ${i}`);
  }
  assertEquals(await queue.translate([]), []);
  const { running, waiting, places, steps, rows } = queue.stats;
  assertEquals([running, waiting, places], [0, 0, 32]);
  assert(steps > 3 && rows > steps, `${steps} steps of ${rows} rows`);
});

Deno.test("TranslationQueue: a short request does not wait for all of a long one", async () => {
  using device = await Device.open();
  using model = await modelOf(device, 6);
  using queue = new TranslationQueue(model);
  const order: string[] = [];
  const many = Array.from({ length: 200 }, (_, i) => SOURCES[i % SOURCES.length]);
  const named = (name: string) => () => order.push(name);
  const long = queue.translate(many, { beams: 1 }).then(named("long"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const short = queue.translate([SOURCES[0]], { beams: 1 }).then(named("short"));
  const other = queue.translate([SOURCES[0]], { beams: 3 }).then(named("other beams"));
  await Promise.all([long, short, other]);
  assertEquals(order.at(-1), "long");
});

Deno.test("TranslationQueue: who leaves is waited for no longer than a step, the others go on", async () => {
  using device = await Device.open();
  using model = await modelOf(device, 6);
  using queue = new TranslationQueue(model);
  const [expected] = await queue.translate([SOURCES[0]], { beams: 1 });
  const leaving = new AbortController();
  const many = Array.from({ length: 300 }, () => SOURCES[2]);
  const gone = queue.translate(many, { beams: 1, signal: leaving.signal });
  const stays = queue.translate([SOURCES[0]], { beams: 1 });
  setTimeout(() => leaving.abort(), 5);
  await assertRejects(() => gone, DOMException);
  assertEquals(queue.stats.waiting, 0);
  assertEquals(await stays, [expected]);
  const before = queue.stats.steps;
  await queue.translate([SOURCES[0]], { beams: 1 });
  // The steps of this text alone: those of whoever left are not done any more.
  assert(queue.stats.steps - before <= expected.tokens.length + 1);
  await assertRejects(
    () => queue.translate(SOURCES, { signal: AbortSignal.abort() }),
    DOMException,
  );
});

Deno.test("TranslationQueue: what is out of range is refused before it waits", async () => {
  using device = await Device.open();
  using model = await modelOf(device, 1);
  using queue = new TranslationQueue(model);
  for (
    const [sources, options, message] of [
      [SOURCES, { beams: 11 }, "beams must be a whole number from 1 to 10, got 11"],
      [SOURCES, { maxTokens: 13 }, "maxTokens must be a whole number from 1 to 12, got 13"],
      [[new Uint32Array(13)], {}, "text 0: wanted 1 to 12 tokens, got 13"],
    ] as const
  ) {
    await assertRejects(() => queue.translate(sources, options), RangeError, message);
  }
  assertEquals(queue.stats.waiting, 0);
});
