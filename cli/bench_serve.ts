/** `quern bench-serve`: puts load on a server with OpenAI's API and takes the times. */
import { arrivalTimes, runLoad } from "./bench_serve/load.ts";
import { latencySvg } from "./bench_serve/latency_svg.ts";
import { readPrompts, syntheticPrompts } from "./bench_serve/prompts.ts";
import { isServed, reportOf } from "./bench_serve/report.ts";
import { authorization, type Target } from "./bench_serve/request.ts";
import { describeReport } from "./bench_serve/table.ts";
import { BENCH_SERVE_OPTIONS } from "./bench_serve_options.ts";
import { Interrupt } from "./interrupt.ts";
import { type OptionValues, parseOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";

export { BENCH_SERVE_OPTIONS };

/**
 * Runs `quern bench-serve`; at the first Ctrl-C requests under way are broken off and the report is
 * of what came before.
 *
 * @returns the exit code: 0 all answered, 3 some, 1 none, 130 interrupted
 */
export async function benchServe(args: string[]): Promise<number> {
  const options = parseOptions(BENCH_SERVE_OPTIONS, args);
  const target = await openTarget(options);
  const random = randomNumbers(options.seed);
  const promptOf = options.prompts === undefined
    ? await syntheticPrompts(target, options.promptTokens, random)
    : await readPrompts(options.prompts);
  using interrupt = new Interrupt(() => console.error("interrupted: breaking off"));
  const result = await runLoad(target, promptOf, {
    arrivalsMs: arrivalTimes(options.requests, options.requestRate, random),
    concurrency: options.concurrency,
    timeoutMs: options.timeoutSeconds * 1000,
    signal: interrupt.signal,
    onProgress: progressOf(options.requests),
  });
  const served = result.measurements.filter(isServed);
  const { firstTokenMs, perTokenMs, latencyMs } = options;
  const report = {
    ...{ url: target.base, model: target.model },
    ...reportOf(result, { firstTokenMs, perTokenMs, latencyMs }),
  };
  console.log(describeReport(report));
  if (options.svg !== undefined) await Deno.writeTextFile(options.svg, latencySvg(served));
  if (options.json) console.log(JSON.stringify(report));
  if (interrupt.signal.aborted) return 130;
  return served.length === options.requests ? 0 : served.length > 0 ? 3 : 1;
}

async function openTarget(options: OptionValues<typeof BENCH_SERVE_OPTIONS>): Promise<Target> {
  const base = apiOf(options.url ?? "http://127.0.0.1:8000");
  const apiKey = options.apiKey ?? keyOfEnvironment();
  const model = options.model ?? await firstModel(base, apiKey);
  const { chat, maxTokens, temperature } = options;
  return { base, model, chat, maxTokens, temperature, apiKey };
}

function apiOf(url: string): string {
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    throw new UsageError(`--url must be a URL such as http://127.0.0.1:8000, got "${url}".`);
  }
  const base = url.replace(/\/+$/, "");
  return base.endsWith("/v1") ? base : `${base}/v1`;
}

function keyOfEnvironment(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "OPENAI_API_KEY" });
  return state === "granted" ? Deno.env.get("OPENAI_API_KEY") : undefined;
}

async function firstModel(base: string, apiKey: string | undefined): Promise<string> {
  const refuse = (got: string): never => {
    throw new Error(
      `Cannot ask ${base}/models for a model: wanted a list of them, got ${got}; check --url and ` +
        "--api-key, or name one with --model",
    );
  };
  let response: Response;
  try {
    response = await fetch(`${base}/models`, { headers: authorization(apiKey) });
  } catch {
    return refuse("no connection");
  }
  if (!response.ok) {
    await response.body?.cancel();
    return refuse(`HTTP ${response.status}`);
  }
  const { data } = await response.json().catch(() => ({})) as { data?: { id?: unknown }[] };
  const id = Array.isArray(data) ? data[0]?.id : undefined;
  return typeof id === "string" ? id : refuse("something else");
}

/** Random numbers in [0, 1), the same for the same seed: a counter mixed as in SplitMix32. */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x9e3779b9) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Tells each tenth of the requests on standard error. */
function progressOf(requests: number): (done: number) => void {
  const step = Math.max(1, Math.floor(requests / 10));
  return (done) => {
    if (done % step === 0 || done === requests) console.error(`${done}/${requests} requests`);
  };
}
