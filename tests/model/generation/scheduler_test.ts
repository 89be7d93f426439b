import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { byteTokenizer } from "../../../data/mod.ts";
import { Device, GpuError } from "../../../kernels/mod.ts";
import {
  type GenerationEvent,
  type GenerationRequest,
  type Gpt,
  Scheduler,
  type SchedulerOptions,
} from "../../../model/mod.ts";
import { type Answer, ask, likeliest, model, plainLogits, prompt } from "./engine.ts";

const GREEDY = { temperature: 0 };

/** What must be the same bits wherever a request runs. */
const bits = ({ tokens, logprobs, end }: Answer) => ({ tokens, logprobs, reason: end.reason });

async function answers(
  of: Gpt,
  requests: GenerationRequest[],
  options: SchedulerOptions = {},
): Promise<Answer[]> {
  await using scheduler = await Scheduler.create(of, options);
  return await Promise.all(requests.map((request) => ask(scheduler, request)));
}

for (
  const [what, config, options] of [
    ["through textures", {}, { textures: true }],
    ["through buffers", {}, { textures: false }],
    ["heads of 3 channels", { channels: 6, bias: false, tie: false }, {}],
  ] as [string, Partial<Gpt["config"]>, SchedulerOptions][]
) {
  Deno.test(`Scheduler, ${what}: greedy answers are what the uncached model finds likeliest`, async () => {
    using device = await Device.open();
    using tiny = model(device, config);
    const prompts = [1, 5, 17, 40].map((length) => prompt(length, length));
    const found = await answers(
      tiny,
      prompts.map((ids) => ({ prompt: ids, maxTokens: 12, sampling: GREEDY })),
      options,
    );
    for (const [i, { tokens }] of found.entries()) {
      const logits = await plainLogits(tiny, [...prompts[i], ...tokens]);
      const expected = tokens.map((_, n) => likeliest(logits[prompts[i].length - 1 + n]));
      assertEquals(tokens, expected);
    }
  });

  Deno.test(`Scheduler, ${what}: bits are the same alone, among others, in any chunks, after preemption and from the cache`, async () => {
    using device = await Device.open();
    using tiny = model(device, config);
    const requests = Array.from({ length: 7 }, (_, i): GenerationRequest => ({
      prompt: [...prompt(99, 18), ...prompt(i, 1 + i % 5)],
      maxTokens: 38,
      sampling: { seed: i, temperature: i % 2 },
      logprobs: 20,
    }));
    const alone: Answer[] = [];
    for (const request of requests) alone.push(...await answers(tiny, [request], options));
    const same = (found: Answer[], how: string) =>
      found.forEach((answer, i) => assertEquals(bits(answer), bits(alone[i]), `${how}, ${i}`));
    const { textures } = options;
    same(await answers(tiny, requests, { textures, prefixCache: false }), "together");
    same(await answers(tiny, requests, { textures, maxRows: 8, maxBatch: 5 }), "chunks");
    // Seven blocks for sequences of four each, of which they share one.
    const cacheMemoryBytes = 7 * 2 * 2 * 16 * tiny.config.channels * 4;
    await using small = await Scheduler.create(tiny, { textures, cacheMemoryBytes });
    same(await Promise.all(requests.map((request) => ask(small, request))), "few blocks");
    assert(small.stats().preemptions > 0);
    await using cached = await Scheduler.create(tiny, options);
    await ask(cached, requests[0]);
    const again = await Promise.all(requests.map((request) => ask(cached, request)));
    same(again, "cached");
    assert(again.every(({ prompt }) => prompt!.cachedTokens === 16));
    const { prefixHits, prefixQueries, blocksUsed } = cached.stats();
    assert(prefixHits >= 16 * 7 && prefixQueries > prefixHits);
    assertEquals(blocksUsed, 0);
  });
}

Deno.test("Scheduler: a seed gives the same answer each time, others give others", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const seeds = [1, 1, 2, 3, -5, 2 ** 40];
  const found = await answers(
    tiny,
    seeds.map((seed) => ({ prompt: [1, 2], maxTokens: 15, sampling: { seed } })),
  );
  const texts = found.map(({ tokens }) => tokens.join());
  assertEquals(texts[0], texts[1]);
  assertEquals(new Set(texts).size, 5);
});

Deno.test("Scheduler: the most tokens, and the end of the context, end an answer", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const [none, one, many, full] = await answers(tiny, [
    { prompt: [1, 2, 3], maxTokens: 0 },
    { prompt: [1, 2, 3], maxTokens: 1 },
    { prompt: prompt(3, 20), maxTokens: 1000 },
    { prompt: prompt(4, 63), maxTokens: 1000 },
  ]);
  assertEquals([none, one, many, full].map(({ tokens }) => tokens.length), [0, 1, 44, 1]);
  for (const { end, tokens } of [none, one, many, full]) {
    assertEquals([end.reason, end.tokens], ["length", tokens.length]);
    assert(end.queueMs >= 0 && end.prefillMs > 0 && end.decodeMs >= 0);
  }
});

Deno.test("Scheduler: a stop token ends an answer and is no part of it", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const request = { prompt: prompt(5, 4), maxTokens: 30, sampling: GREEDY, logprobs: 1 };
  const [whole] = await answers(tiny, [request]);
  const at = whole.tokens.findIndex((token, i) => i > 3 && whole.tokens.indexOf(token) === i);
  const stop = whole.tokens[at];
  const [cut] = await answers(tiny, [{ ...request, stopTokens: [22, stop] }]);
  assertEquals(cut.tokens, whole.tokens.slice(0, at));
  assertEquals(cut.logprobs, whole.logprobs.slice(0, at));
  assertEquals([cut.end.reason, cut.end.stopped, cut.end.tokens], ["stop", stop, at + 1]);
});

/** A constraint that lets exactly these bytes come, then nothing. */
function only(bytes: Uint8Array) {
  let at = 0;
  const accepted: number[] = [];
  return {
    accepted,
    mask() {
      const mask = new Uint32Array(8);
      if (at < bytes.length) mask[bytes[at] >> 5] |= 1 << (bytes[at] & 31);
      return mask;
    },
    accept(token: number) {
      accepted.push(token);
      at++;
    },
  };
}

const utf8 = new TextEncoder();

Deno.test("Scheduler: a constraint says what may come, and its end is a stop", async () => {
  using device = await Device.open();
  using bytes = model(device, { vocabularySize: 256 });
  const tokenizer = byteTokenizer();
  await using scheduler = await Scheduler.create(bytes, { tokenizer });
  const wanted = "naïve 🌾 字";
  const constraint = only(utf8.encode(wanted));
  const free = { prompt: prompt(8, 9), maxTokens: 40, sampling: GREEDY };
  const [alone] = await answers(bytes, [free], { tokenizer });
  const [bound, beside] = await Promise.all([
    ask(scheduler, { prompt: [1], maxTokens: 50, constraint, logprobs: 0 }),
    ask(scheduler, free),
  ]);
  assertEquals([bound.text, bound.end.reason], [wanted, "stop"]);
  assertEquals(bound.tokens, [...utf8.encode(wanted)]);
  assertEquals(constraint.accepted, bound.tokens);
  // Log-probabilities are the model's own, whatever the mask.
  const logits = await plainLogits(bytes, [1]);
  const all = Math.log(logits[0].reduce((sum, x) => sum + Math.exp(x), 0));
  assertAlmostEquals(bound.logprobs[0].logprob, logits[0][bound.tokens[0]] - all, 1e-4);
  assertEquals(beside.tokens, alone.tokens);
  const nothing = await ask(scheduler, {
    prompt: [1],
    maxTokens: 5,
    constraint: only(utf8.encode("")),
  });
  assertEquals([nothing.tokens, nothing.end.reason], [[], "stop"]);
});

Deno.test("Scheduler: a constraint that fails ends its own request", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await using scheduler = await Scheduler.create(tiny);
  const fails = (mask: () => Uint32Array) =>
    ask(scheduler, { prompt: [1], maxTokens: 5, constraint: { mask, accept() {} } });
  const fine = ask(scheduler, { prompt: [1], maxTokens: 20 });
  await assertRejects(() => fails(() => new Uint32Array(2)), RangeError, "must have 1 words");
  await assertRejects(
    () =>
      fails(() => {
        throw new Error("no such grammar");
      }),
    Error,
    "no such grammar",
  );
  assertEquals((await fine).end.reason, "length");
});

Deno.test("Scheduler: stop texts end an answer wherever tokens split them, and are never shown in part", async () => {
  using device = await Device.open();
  using bytes = model(device, { vocabularySize: 256 });
  await using scheduler = await Scheduler.create(bytes, { tokenizer: byteTokenizer() });
  const say = (text: string, stop: string[], maxTokens = 60) =>
    ask(scheduler, { prompt: [7], maxTokens, stop, constraint: only(utf8.encode(text)) });
  const [split, near, first, wide, cut] = await Promise.all([
    say("one <end> two", ["<end>"]),
    say("one <en> two", ["<end>", "x"]),
    say("abc def", ["def", "c d"]),
    say("a🌾🌾b", ["🌾b"]),
    say("ab🌾", ["zz"], 4),
  ]);
  assertEquals([split.text, split.end.stopped], ["one ", "<end>"]);
  assertEquals(split.end.tokens, "one <end>".length);
  assertEquals([near.text, near.end.stopped], ["one <en> two", undefined]);
  assertEquals([first.text, first.end.stopped], ["ab", "c d"]);
  assertEquals([wide.text, wide.end.stopped], ["a🌾", "🌾b"]);
  // Four bytes are all of "ab" and half a character.
  assertEquals([cut.text, cut.end.reason], ["ab\ufffd", "length"]);
  for (const { pieces } of [split, near, first, wide]) {
    assert(pieces.every((piece) => piece.isWellFormed() && !/<$|<e$|<end|\ufffd/.test(piece)));
  }
});

Deno.test("Scheduler: log-probabilities of answer and prompt are the uncached model's", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const ids = prompt(6, 30);
  const request = { prompt: ids, maxTokens: 5, logprobs: 3, promptLogprobs: 20 };
  const sampling = { repetitionPenalty: 1.5, logitBias: new Map([[3, 2]]), topP: 0.9 };
  await using scheduler = await Scheduler.create(tiny, { maxRows: 8, maxBatch: 3 });
  // What is cached is read again: each position is scored.
  await ask(scheduler, { prompt: ids, maxTokens: 1 });
  const answer = await ask(scheduler, { ...request, sampling });
  const logits = await plainLogits(tiny, [...ids, ...answer.tokens]);
  assertEquals(answer.prompt!.cachedTokens, 0);
  assertEquals(answer.prompt!.logprobs![0], null);
  const all = [...answer.prompt!.logprobs!.slice(1), ...answer.logprobs];
  assertEquals(all.length, 29 + 5);
  all.forEach((found, t) => {
    const x = logits[t];
    const sum = Math.log(x.reduce((total, value) => total + Math.exp(value), 0));
    const order = [...x.keys()].sort((a, b) => x[b] - x[a]);
    const count = t < 29 ? 20 : 3;
    assertEquals(found!.id, [...ids, ...answer.tokens][t + 1]);
    assertAlmostEquals(found!.logprob, x[found!.id] - sum, 1e-4);
    assertEquals(found!.top.length, count);
    found!.top.forEach(({ logprob }, n) => assertAlmostEquals(logprob, x[order[n]] - sum, 1e-4));
  });
});

Deno.test("Scheduler: embeddings are the mean last hidden state, of length 1, whatever the chunks", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const texts = [1, 2, 30, 64].map((length) => prompt(length, length));
  const embed = async (options: SchedulerOptions) => {
    await using scheduler = await Scheduler.create(tiny, options);
    return await Promise.all(texts.map((ids) => scheduler.embed(ids)));
  };
  const found = await embed({});
  assertEquals(await embed({ maxRows: 8, maxBatch: 2 }), found);
  // logits = hidden · wteᵀ, so a mean of hidden states shows in the mean of logits.
  const { vocabularySize: V, channels: C } = tiny.config;
  const wte = await tiny.weights.wte.read();
  for (const [i, ids] of texts.entries()) {
    assertAlmostEquals(Math.hypot(...found[i]), 1, 1e-5);
    const logits = await plainLogits(tiny, ids);
    const mean = Array.from({ length: V }, (_, v) => logits.reduce((sum, x) => sum + x[v], 0));
    const seen = Array.from(
      { length: V },
      (_, v) => found[i].reduce((sum, x, c) => sum + x * wte[v * C + c], 0),
    );
    const cosine = mean.reduce((sum, x, v) => sum + x * seen[v], 0) /
      Math.hypot(...mean) / Math.hypot(...seen);
    assertAlmostEquals(cosine, 1, 1e-5);
  }
});

Deno.test("Scheduler: penalties, bias and filters act on the answer", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const request = { prompt: prompt(2, 6), maxTokens: 40 };
  const [banned, forced, fresh, narrow] = await answers(tiny, [
    { ...request, sampling: { logitBias: new Map([...Array(11).keys()].map((id) => [id, -100])) } },
    { ...request, sampling: { logitBias: new Map([[9, 100]]) } },
    { ...request, maxTokens: 23, sampling: { temperature: 0, presencePenalty: 1e4 } },
    { ...request, sampling: { topK: 1, temperature: 3 } },
  ]);
  assert(banned.tokens.every((token) => token > 10));
  assert(forced.tokens.every((token) => token === 9));
  assertEquals(new Set(fresh.tokens).size, 23);
  const [greedy] = await answers(tiny, [{ ...request, sampling: GREEDY }]);
  assertEquals(narrow.tokens, greedy.tokens);
});

Deno.test("Scheduler: a cancel ends a request at once, running or waiting, and frees its place", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await using scheduler = await Scheduler.create(tiny, { maxBatch: 1 });
  const events: GenerationEvent[] = [];
  const running = scheduler.submit({ prompt: [1], maxTokens: 60 }, (event) => {
    events.push(event);
    if (event.type === "tokens") running.cancel();
  });
  const waiting = scheduler.submit({ prompt: [2], maxTokens: 60 });
  waiting.cancel();
  assertEquals((await waiting.done).reason, "cancelled");
  const after = ask(scheduler, { prompt: [3], maxTokens: 2 });
  const end = await running.done;
  assertEquals([end.reason, events.at(-1)], ["cancelled", end]);
  assert(end.tokens < 60);
  assertEquals((await after).tokens.length, 2);
  const { running: left, waiting: queue, blocksUsed } = scheduler.stats();
  assertEquals([left, queue, blocksUsed], [0, 0, 0]);
});

Deno.test("Scheduler: requests are read in the order of their coming, and all of them end", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await using scheduler = await Scheduler.create(tiny, { maxBatch: 3, maxRows: 8 });
  const order: number[] = [];
  const handles = Array.from({ length: 40 }, (_, i) =>
    scheduler.submit(
      { prompt: prompt(i, i % 7 === 0 ? 50 : 3), maxTokens: i % 5 },
      (event) => event.type === "prompt" && order.push(i),
    ));
  await Promise.all(handles.map(({ done }) => done));
  assertEquals(order, [...Array(40).keys()]);
});

Deno.test("Scheduler: all memory is freed, and closing cancels what runs", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await device.barriersAreSlow();
  const before = device.allocatedBytes;
  const scheduler = await Scheduler.create(tiny);
  const one = scheduler.submit({ prompt: [1], maxTokens: 60 });
  const two = assertRejects(() => scheduler.embed([1, 2]), Error, "the scheduler was closed");
  await scheduler[Symbol.asyncDispose]();
  assertEquals((await one.done).reason, "cancelled");
  await two;
  assertEquals(device.allocatedBytes, before);
  assertThrows(() => scheduler.submit({ prompt: [1], maxTokens: 1 }), Error, "scheduler is closed");
});

Deno.test("Scheduler: damaged weights are an error, not a token", async () => {
  using device = await Device.open();
  using tiny = model(device);
  tiny.weights.norm.weight.write(new Float32Array(16).fill(NaN));
  const message =
    "Cannot sample: the model's logits are NaN or infinite. Its weights may be damaged.";
  await assertRejects(() => answers(tiny, [{ prompt: [1], maxTokens: 3 }]), RangeError, message);
});

Deno.test("Scheduler: when the GPU is lost all requests fail, and later ones are refused", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const scheduler = await Scheduler.create(tiny);
  const handle = scheduler.submit({ prompt: [1], maxTokens: 60 });
  device.gpu.destroy();
  await assertRejects(() => handle.done, GpuError, "The GPU was lost");
  assertThrows(() => scheduler.submit({ prompt: [1], maxTokens: 1 }), GpuError, "was lost");
});

Deno.test("Scheduler: a listener that throws ends its own request", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await using scheduler = await Scheduler.create(tiny);
  const broken = scheduler.submit({ prompt: [1], maxTokens: 9 }, () => {
    throw new Error("client is gone");
  });
  const fine = ask(scheduler, { prompt: [1], maxTokens: 9 });
  await assertRejects(() => broken.done, Error, "client is gone");
  assertEquals((await fine).tokens.length, 9);
});

Deno.test("Scheduler: what is out of range is refused by name", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await using scheduler = await Scheduler.create(tiny);
  const fails = (request: Partial<GenerationRequest>, message: string) =>
    assertThrows(
      () => scheduler.submit({ prompt: [1], maxTokens: 1, ...request }),
      RangeError,
      message,
    );
  const range = "the prompt must have 1 to 63 tokens, fewer than the model's context of 64, got";
  fails({ prompt: [] }, `Cannot generate: ${range} 0`);
  fails({ prompt: prompt(1, 64) }, `Cannot generate: ${range} 64`);
  for (const id of [-1, 23, 1.5, 2 ** 31]) {
    fails({ prompt: [1, id] }, `token ${id} of the prompt is outside the model's vocabulary of 23`);
    fails({ stopTokens: [id] }, `token ${id} of stopTokens is outside`);
    fails(
      { sampling: { logitBias: new Map([[id, 1]]) } },
      "a token of logitBias must be a token of 0 to 22",
    );
  }
  fails({ maxTokens: -1 }, "maxTokens must be a whole number of at least 0, got -1");
  fails({ logprobs: 21 }, "logprobs must be a whole number of 0 to 20, got 21");
  fails({ promptLogprobs: 0.5 }, "promptLogprobs must be a whole number of 0 to 20, got 0.5");
  fails({ stop: ["a", ""] }, "stop must not hold an empty text");
  fails({ sampling: { topP: 2 } }, "topP must be from 0 to 1, got 2");
  assertThrows(
    () => scheduler.submit({ prompt: [1], maxTokens: 1, stop: ["a"] }),
    TypeError,
    "Cannot generate: stop texts need a scheduler with a tokenizer",
  );
  await assertRejects(() => scheduler.embed([]), RangeError, "the text must have 1 to 64 tokens");
  const create = (options: SchedulerOptions) => Scheduler.create(tiny, options);
  await assertRejects(
    () => create({ cacheMemoryBytes: 8192 }),
    RangeError,
    "Cannot generate: a cache of 8192 bytes holds 2 blocks of 16 tokens, the model's context of 64 needs 4: give at least 16384 bytes",
  );
  await assertRejects(
    () => create({ maxBatch: 0 }),
    RangeError,
    "Cannot generate: maxBatch must be a whole number of 1 to 1024, got 0",
  );
});
