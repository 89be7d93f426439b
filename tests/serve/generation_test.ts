import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { DEFAULT_LIMITS, HttpError, type ServedModel } from "../../serve/mod.ts";
import type {
  AnswerEvent,
  AnswerListener,
  AnswerRequest,
  Engine,
  SequenceRequest,
} from "../../serve/mod.ts";
import { ChunkWriter, eventStream, Pace, planAnswers, Run } from "../../serve/generation/mod.ts";
import { Metrics } from "../../serve/metrics/mod.ts";
import type { GenerationFields } from "../../serve/schema/mod.ts";
import { chunksOf, until } from "./served.ts";

const MODEL = {
  id: "m",
  context: 64,
  vocabularySize: 256,
  endTokens: [7],
} as unknown as ServedModel;
const CLIENT = { name: "a", salt: "s" };

function plan(fields: Partial<GenerationFields>, prompts = 1, bestOf?: number): AnswerRequest {
  return planAnswers({ model: "m", ...fields }, {
    ...{ model: MODEL, limits: { ...DEFAULT_LIMITS, answers: 8 }, client: CLIENT, bestOf },
    prompts: Array.from({ length: prompts }, (_, i) => Uint32Array.of(i)),
    maxTokens: Array(prompts).fill(5),
  });
}

Deno.test("planAnswers: every field in the engine's words, answers in the order of prompts", () => {
  const { sequences: [sequence] } = plan({
    ...{ temperature: 0.5, top_p: 0, top_k: -1, min_p: 0.1, presence_penalty: 1, seed: 3 },
    ...{ frequency_penalty: -1, repetition_penalty: 1.5, logit_bias: { 5: -100 }, stop: "x" },
  });
  assertEquals(sequence, {
    ...{ prompt: Uint32Array.of(0), maxTokens: 5, stopTokens: [7], stop: ["x"], cacheSalt: "s" },
    ...{ logprobs: undefined, promptLogprobs: undefined },
    sampling: {
      ...{ temperature: 0.5, topK: 0, topP: 1e-9, minP: 0.1, presencePenalty: 1, seed: 3 },
      ...{ frequencyPenalty: -1, repetitionPenalty: 1.5, logitBias: new Map([[5, -100]]) },
    },
  });
  const { sequences } = plan({ n: 2, seed: 10 }, 2, 3);
  const of = (each: SequenceRequest) => [each.prompt[0], each.sampling!.seed];
  assertEquals(sequences.map(of), [[0, 10], [0, 11], [0, 12], [1, 10], [1, 11], [1, 12]]);
  assertEquals(plan({ ignore_eos: true }).sequences[0].stopTokens, []);
  assertThrows(() => plan({ n: 5 }, 2), HttpError, "2 prompts with 5 answers each are more than 8");
  const seeds = [plan({}), plan({})].map(({ sequences }) => sequences[0].sampling!.seed);
  assert(seeds[0] !== seeds[1]);
});

Deno.test("Pace: what a client is told to wait grows with the queue, 1 to 60 seconds", () => {
  const pace = new Pace();
  for (let i = 0; i < 100; i++) pace.learn(4000);
  assertEquals([1, 8, 32, 10_000].map((answers) => pace.secondsFor(answers, 8)), [1, 4, 16, 60]);
});

Deno.test("ChunkWriter: what chunks have in common, usage where it is asked for", () => {
  const head = { id: "i", object: "o", created: 1, model: 'a"b' };
  const json = (event: string) => JSON.parse(event.slice("data: ".length));
  const plain = new ChunkWriter(head, {});
  const { system_fingerprint, ...chunk } = json(plain.choice('{"index":0}'));
  assertMatch(system_fingerprint, /^quern-/);
  assertEquals(chunk, { ...head, choices: [{ index: 0 }] });
  const usage = {
    ...{ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    prompt_tokens_details: { cached_tokens: 0 },
  };
  assertEquals(plain.usage(usage), "");
  const told = new ChunkWriter(head, { include_usage: true });
  assertEquals(json(told.choice("{}")).usage, null);
  assertEquals([json(told.usage(usage)).usage, json(told.usage(usage)).choices], [usage, []]);
  const padded = new ChunkWriter(head, { include_obfuscation: true });
  const sizes = ["", "a", "é".repeat(20)].map((text) =>
    new TextEncoder().encode(padded.choice(JSON.stringify({ text }))).length
  );
  assertEquals(new Set(sizes).size, 1);
});

/** An engine of which the test itself says what it tells and when; nothing of it can be provoked otherwise. */
function puppet(): { engine: Engine; listener(): AnswerListener; cancelled(): number } {
  let listener: AnswerListener;
  let cancelled = 0;
  const engine = {
    ...{ state: "ready", pending: 0, places: 1 },
    answer(_: AnswerRequest, told: AnswerListener) {
      listener = told;
      return { accepted: Promise.resolve(), cancel: () => cancelled++ };
    },
  } as unknown as Engine;
  return { engine, listener: () => listener, cancelled: () => cancelled };
}

function start(
  limits: Partial<typeof DEFAULT_LIMITS>,
  signals: { gone?: AbortSignal; stop?: AbortSignal } = {},
) {
  const { engine, ...rest } = puppet();
  const never = new AbortController().signal;
  const metrics = new Metrics(engine);
  const run = new Run(plan({}), {
    ...{ engine, metrics, pace: new Pace(), limits: { ...DEFAULT_LIMITS, ...limits } },
    ...{ startedAt: performance.now(), answersPerPrompt: 1, formatParam: "f" },
    ...{ gone: never, stop: never, ...signals },
  });
  return { run, ...rest };
}

const text = (text: string): AnswerEvent => ({
  sequence: 0,
  event: { type: "tokens", tokens: [1], text },
});

Deno.test("Run: deadlines for the first token, between tokens and in all (503, 504)", async () => {
  const fails = async (run: Run, status: number, says: RegExp) => {
    const error = await assertRejects(() => run.next(), HttpError);
    assertEquals(error.status, status);
    assertMatch(error.message, says);
  };
  const first = start({ firstTokenSeconds: 0.05 });
  await fails(first.run, 503, /No token came within 0.05 seconds/);
  assertEquals(first.cancelled(), 1);
  const between = start({ betweenTokensSeconds: 0.05 });
  between.listener().events([text("a")]);
  assertEquals((await between.run.next()).length, 1);
  await fails(between.run, 504, /No further token came within 0.05 seconds/);
  const total = start({ totalSeconds: 0.1 });
  const timer = setInterval(() => total.listener().events([text("a")]), 10);
  try {
    while ((await total.run.next()).length > 0);
    throw new Error("must fail");
  } catch (error) {
    assertMatch((error as Error).message, /not whole after 0.1 seconds/);
  } finally {
    clearInterval(timer);
  }
});

Deno.test("Run: a reader that is too slow loses its answer, the engine waits for none", async () => {
  const { run, listener, cancelled } = start({ queuedEvents: 100 });
  for (let i = 0; i < 101; i++) listener().events([text("a")]);
  assertEquals(cancelled(), 1);
  assertEquals((await run.next()).length, 101);
  assertEquals((await assertRejects(() => run.next(), HttpError)).status, 408);
});

Deno.test("Run: who leaves frees the place, and the end of the server is told", async () => {
  const gone = new AbortController();
  const left = start({}, { gone: gone.signal });
  gone.abort();
  assertEquals([left.cancelled(), await left.run.next(), left.run.sequences[0].reason], [
    1,
    [],
    "abort",
  ]);
  const stop = new AbortController();
  const ended = start({}, { stop: stop.signal });
  stop.abort();
  assertEquals((await assertRejects(() => ended.run.next(), HttpError)).status, 503);
});

Deno.test("eventStream: ends with [DONE], with an error event before it where something failed", async () => {
  const ends: (HttpError | undefined)[] = [];
  const texts = ["data: {}\n\n", undefined];
  const end = (error?: HttpError) => ends.push(error);
  const whole = eventStream({ next: () => Promise.resolve(texts.shift()), end, stalledSeconds: 5 });
  assertEquals(whole.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assertEquals(chunksOf(await whole.text()), [{}]);
  const failed = eventStream({
    next: () => Promise.reject(new Error("secret")),
    end,
    stalledSeconds: 5,
  });
  const [{ error }] = chunksOf(await failed.text());
  assertEquals([error.type, JSON.stringify(error).includes("secret")], ["server_error", false]);
  const left = eventStream({ next: () => new Promise(() => {}), end, stalledSeconds: 5 });
  await left.body!.cancel();
  assertEquals(ends.map((error) => error?.status), [undefined, 500, undefined]);
});

Deno.test("eventStream: a client that stops reading is dropped", async () => {
  let over = false;
  const response = eventStream({
    ...{ next: () => Promise.resolve("data: {}\n\n"), stalledSeconds: 0.05 },
    end: (error) => over = error?.status === 408,
  });
  const reader = response.body!.getReader();
  await reader.read();
  await until(() => over, "dropped");
  await assertRejects(() => reader.read(), HttpError, "too slowly");
});
