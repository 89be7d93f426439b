/**
 * What the server adds to the engine: tokens a second of 32 clients over HTTP beside the engine's own
 * and beside one client's; the gaps between tokens while long prompts come in; `/health/live` under
 * load. The runs alternate, and each figure is the median of its runs.
 *
 *     NODEVICE_SELECT=1 deno run -A tests/serve/app_bench.ts [--model nano|gpt2] [--answers 3] [--rounds 5]
 */
import { parseArgs } from "@std/cli/parse-args";
import { PRESETS } from "../../model/mod.ts";
import type { AnswerEvent } from "../../serve/mod.ts";
import { Served } from "./served.ts";

const args = parseArgs(Deno.args, { string: ["model", "answers", "rounds"] });
const preset = (args.model ?? "nano") as keyof typeof PRESETS;
const [answers, rounds] = [Number(args.answers ?? 3), Number(args.rounds ?? 5)];
const shape = PRESETS[preset];
const CLIENTS = 32;
const PROMPT_TOKENS = 8;
const ANSWER_TOKENS = shape.context - PROMPT_TOKENS;

/** Tokens a second of clients side by side, each of which asks for some answers one after the other. */
async function throughput(
  clients: number,
  answers: number,
  ask: () => Promise<number>,
): Promise<number> {
  const start = performance.now();
  const client = async () => {
    let tokens = 0;
    for (let i = 0; i < answers; i++) tokens += await ask();
    return tokens;
  };
  const tokens = await Promise.all(Array.from({ length: clients }, client));
  return tokens.reduce((a, b) => a + b) / ((performance.now() - start) / 1000);
}

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
const fields = { model: "model", max_tokens: ANSWER_TOKENS, ignore_eos: true, temperature: 1 };
let nextPrompt = 0;
const promptOf = (length: number) =>
  Array.from({ length }, (_, i) => (nextPrompt++ * 31 + i * 7) % 256);

/** One streamed answer over HTTP; notes the gaps between its events. */
async function overHttp(gaps: number[] = []): Promise<number> {
  const response = await served.post("/v1/completions", {
    ...{ ...fields, prompt: promptOf(PROMPT_TOKENS), stream: true },
    stream_options: { include_usage: true },
  });
  let [last, text] = [0, ""];
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    const now = performance.now();
    if (last > 0) gaps.push(now - last);
    last = now;
    text = part;
  }
  return Number(/"completion_tokens":(\d+)/.exec(text)?.[1] ?? ANSWER_TOKENS);
}

/** The same asked of the engine itself. */
function ofEngine(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let tokens = 0;
  engine.answer({
    model: "model",
    sequences: [{
      prompt: Uint32Array.from(promptOf(PROMPT_TOKENS)),
      maxTokens: ANSWER_TOKENS,
      sampling: { seed: nextPrompt },
    }],
  }, {
    events(events: readonly AnswerEvent[]) {
      for (const { event } of events) if (event.type === "end") tokens = event.tokens;
    },
    end: (error) => error ? reject(error) : resolve(tokens),
  });
  return promise;
}

await throughput(CLIENTS, 1, overHttp);
const runs = { engine: [] as number[], http: [] as number[], one: [] as number[] };
for (let round = 0; round < rounds; round++) {
  runs.engine.push(await throughput(CLIENTS, answers, ofEngine));
  runs.http.push(await throughput(CLIENTS, answers, overHttp));
  runs.one.push(await throughput(1, answers, overHttp));
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
await throughput(CLIENTS, answers, overHttp);
watching = false;
await watch;
const after = await engine.stats();

// Decoders beside a prompt as long as the context, over and over.
const gaps: number[] = [];
let decoding = true;
const long = (async () => {
  while (decoding) {
    await served.json("/v1/completions", {
      ...fields,
      prompt: promptOf(shape.context - 1),
      max_tokens: 1,
    });
  }
})();
await throughput(8, 2 * answers, () => overHttp(gaps));
decoding = false;
await long;

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
