/**
 * What the server adds to the engine: tokens a second of 32 clients over HTTP beside the engine's own
 * and beside one client's; the gaps between tokens while long prompts come in; `/health/live` under
 * load. The runs alternate, and each figure is the median of its runs.
 *
 *     NODEVICE_SELECT=1 deno run -A tests/serve/app_bench.ts [--model nano|gpt2] [--answers 6] [--rounds 5]
 */
import { parseArgs } from "@std/cli/parse-args";
import { PRESETS } from "../../model/mod.ts";
import type { AnswerEvent } from "../../serve/mod.ts";
import type { LoadRequest, LoadResult } from "./bench_client.ts";
import { Served } from "./served.ts";

const args = parseArgs(Deno.args, { string: ["model", "answers", "rounds"] });
const preset = (args.model ?? "nano") as keyof typeof PRESETS;
const [answers, rounds] = [Number(args.answers ?? 6), Number(args.rounds ?? 5)];
const shape = PRESETS[preset];
const CLIENTS = 32;
const PROMPT_TOKENS = 8;
const MOST_TOKENS = shape.context - PROMPT_TOKENS;
/** Answers of half to all of what the context leaves: equal ones would end, and begin, all at once. */
const LENGTHS = Array.from(
  { length: 101 },
  (_, i) => MOST_TOKENS - (i * 7919) % (MOST_TOKENS >> 1),
);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1];
}

await using served = await Served.start({
  models: { model: { ...shape } },
  engine: { cacheMemoryBytes: undefined },
});
const { engine } = served;
const fields = { model: "model", ignore_eos: true, temperature: 1 };
let [nextPrompt, nextAnswer] = [0, 0];
const promptOf = (length: number) =>
  Array.from({ length }, (_, i) => (nextPrompt++ * 31 + i * 7) % 256);

const load = new Worker(new URL("./bench_client.ts", import.meta.url), { type: "module" });

/** What so many clients get over HTTP that each ask for some answers, one after the other. */
async function overHttp(clients: number, answers: number): Promise<LoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
  load.onmessage = ({ data }) => resolve(data);
  load.onerror = reject;
  const { port } = served.server;
  const sizes = { promptTokens: PROMPT_TOKENS, lengths: LENGTHS };
  const request = { port, clients, answers, fields, ...sizes };
  load.postMessage(request satisfies LoadRequest);
  return await promise;
}

const perSecond = ({ tokens, ms }: Pick<LoadResult, "tokens" | "ms">) => 1000 * tokens / ms;

/** Tokens a second of the same asked of the engine itself. */
async function ofEngine(): Promise<number> {
  const start = performance.now();
  const client = async () => {
    let tokens = 0;
    for (let i = 0; i < answers; i++) tokens += await askEngine();
    return tokens;
  };
  const all = await Promise.all(Array.from({ length: CLIENTS }, client));
  return perSecond({ tokens: all.reduce((a, b) => a + b), ms: performance.now() - start });
}

function askEngine(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let tokens = 0;
  engine.answer({
    model: "model",
    sequences: [{
      prompt: Uint32Array.from(promptOf(PROMPT_TOKENS)),
      maxTokens: LENGTHS[nextAnswer++ % LENGTHS.length],
      sampling: { seed: nextAnswer },
    }],
  }, {
    events(events: readonly AnswerEvent[]) {
      for (const { event } of events) if (event.type === "end") tokens = event.tokens;
    },
    end: (error) => error ? reject(error) : resolve(tokens),
  });
  return promise;
}

await overHttp(CLIENTS, 1);
const runs = { engine: [] as number[], http: [] as number[], one: [] as number[] };
for (let round = 0; round < rounds; round++) {
  runs.engine.push(await ofEngine());
  runs.http.push(perSecond(await overHttp(CLIENTS, answers)));
  runs.one.push(perSecond(await overHttp(1, answers)));
}
const before = await engine.stats();
const health: number[] = [];
let watching = true;
const watch = (async () => {
  while (watching) {
    const start = performance.now();
    await (await fetch(`${served.url}/health/live`)).text();
    health.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
})();
await overHttp(CLIENTS, answers);
watching = false;
await watch;
const after = await engine.stats();

/** Gaps of decoders beside prompts as long as the context, one after the other. */
async function gapsBesidePrompts(answers: number): Promise<number[]> {
  let decoding = true;
  const long = (async () => {
    while (decoding) {
      const prompt = promptOf(shape.context - 1);
      await served.json("/v1/completions", { ...fields, prompt, max_tokens: 1 });
    }
  })();
  const { gaps } = await overHttp(8, answers);
  decoding = false;
  await long;
  return gaps;
}

await gapsBesidePrompts(answers); // compiles the sizes that its steps have
const gaps = await gapsBesidePrompts(5 * answers);
load.terminate();

const figures = {
  bench: "serve",
  model: preset,
  engineTokensPerSecond: Math.round(median(runs.engine)),
  httpTokensPerSecond: Math.round(median(runs.http)),
  oneClientTokensPerSecond: Math.round(median(runs.one)),
  httpOfEngine: round2(median(runs.http.map((http, i) => http / runs.engine[i]))),
  manyOfOne: round2(median(runs.http.map((http, i) => http / runs.one[i]))),
  hostOfStep: round2((after.hostMs - before.hostMs) / (after.gpuMs - before.gpuMs)),
  healthP50Ms: round2(quantile(health, 0.5)),
  healthP99Ms: round2(quantile(health, 0.99)),
  gapP50Ms: round2(quantile(gaps, 0.5)),
  gapP99Ms: round2(quantile(gaps, 0.99)),
  gapP99OfP50: round2(quantile(gaps, 0.99) / quantile(gaps, 0.5)),
};
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(26)}${value}`);
console.log(JSON.stringify(figures));

function round2(value: number): number {
  return Math.round(100 * value) / 100;
}
