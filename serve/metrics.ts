/** Prometheus metrics: vLLM's names and buckets under `quern:`, and what shows that batching works. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Engine, EngineStats } from "./engine/mod.ts";

/** Seconds to the first token. */
const FIRST_TOKEN_BUCKETS = [
  ...[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20],
  ...[40, 80, 160, 640, 2560],
];
/** Seconds from one event of a sequence to the next. */
const BETWEEN_BUCKETS = [
  ...[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40],
  80,
];
/** Seconds of a sequence or of one of its phases. */
const LATENCY_BUCKETS = [
  ...[0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680],
];
/** Tokens: 1, 2, 5, 10 … */
const TOKEN_BUCKETS = [1, 10, 100, 1000, 10_000].flatMap((power) => [power, 2 * power, 5 * power]);

/** Milliseconds of a finished sequence, by phase. */
export interface Phases {
  queueMs: number;
  prefillMs: number;
  decodeMs: number;
}

/** Counts what the server does; each server has its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #model: { labelNames: ["model_name"]; registers: Registry[] } = {
    labelNames: ["model_name"],
    registers: [this.#registry],
  };
  readonly #requests = new Counter({
    name: "quern:http_requests_total",
    help: "Answers by route, method and status.",
    labelNames: ["route", "method", "status"],
    registers: [this.#registry],
  });
  readonly #finished = new Counter({
    name: "quern:request_success_total",
    help: "Sequences that are over, by why: stop, length, abort (the client left) or error.",
    labelNames: ["model_name", "finished_reason"],
    registers: [this.#registry],
  });
  readonly #promptTokens = this.#counter(
    "prompt_tokens_total",
    "Tokens of prompts that were read.",
  );
  readonly #generationTokens = this.#counter(
    "generation_tokens_total",
    "Tokens that were generated.",
  );
  readonly #firstToken = this.#histogram(
    "time_to_first_token_seconds",
    "From the request to a sequence's first token.",
    FIRST_TOKEN_BUCKETS,
  );
  readonly #between = this.#histogram(
    "inter_token_latency_seconds",
    "From tokens of a sequence to its next; those that come together count once.",
    BETWEEN_BUCKETS,
  );
  readonly #e2e = this.#histogram(
    "e2e_request_latency_seconds",
    "From the request to the end of a sequence.",
    LATENCY_BUCKETS,
  );
  readonly #queue = this.#histogram(
    "request_queue_time_seconds",
    "A sequence's wait for its place in the batch.",
    LATENCY_BUCKETS,
  );
  readonly #prefill = this.#histogram(
    "request_prefill_time_seconds",
    "Reading a prompt.",
    LATENCY_BUCKETS,
  );
  readonly #decode = this.#histogram(
    "request_decode_time_seconds",
    "Generating after the prompt.",
    LATENCY_BUCKETS,
  );
  readonly #inference = this.#histogram(
    "request_inference_time_seconds",
    "Reading a prompt and generating after it.",
    LATENCY_BUCKETS,
  );
  readonly #requestPrompt = this.#histogram(
    "request_prompt_tokens",
    "Tokens of a sequence's prompt.",
    TOKEN_BUCKETS,
  );
  readonly #requestGeneration = this.#histogram(
    "request_generation_tokens",
    "Tokens of a sequence's answer.",
    TOKEN_BUCKETS,
  );
  readonly #choices = this.#histogram(
    "request_params_n",
    "Choices that requests ask for.",
    [1, 2, 5, 10, 20],
  );

  /** @param engine whose state is told at each reading */
  constructor(engine: Engine) {
    const registers = [this.#registry];
    let stats: Promise<EngineStats>;
    // The first of the gauges asks the engine for all of them.
    const gauge = (name: string, help: string, of: (stats: EngineStats) => number) =>
      new Gauge({
        name: `quern:${name}`,
        help,
        registers,
        async collect() {
          this.set(of(await stats));
        },
      });
    const total = (name: string, help: string, of: (stats: EngineStats) => number) =>
      new Counter({
        name: `quern:${name}`,
        help,
        registers,
        async collect() {
          const value = of(await stats);
          this.reset();
          this.inc(value);
        },
      });
    new Gauge({
      name: "quern:engine_ready",
      help: "1 while the engine answers, 0 while it loads, is lost or closed.",
      registers,
      collect() {
        stats = engine.stats();
        this.set(engine.state === "ready" ? 1 : 0);
      },
    });
    gauge("num_requests_running", "Sequences in the batch.", ({ running }) => running);
    gauge("num_requests_waiting", "Sequences that wait for a place.", ({ waiting }) => waiting);
    gauge("batch_places", "Places in the batch.", ({ places }) => places);
    gauge("n_busy_slots_per_decode", "Mean sequences of a decoding step.", meanRows);
    gauge(
      "batch_fill_ratio",
      "Mean share of the batch's places that a decoding step fills.",
      (stats) => stats.places > 0 ? meanRows(stats) / stats.places : 0,
    );
    gauge(
      "kv_cache_usage_perc",
      "Share of the cache's blocks that sequences hold, 0 to 1.",
      ({ usedBlocks, blocks }) => blocks > 0 ? usedBlocks / blocks : 0,
    );
    gauge("gpu_memory_bytes", "GPU memory in use.", ({ gpuBytes }) => gpuBytes);
    total("n_decode_total", "Decoding steps.", ({ steps }) => steps);
    total(
      "prefix_cache_queries",
      "Tokens of prompts that were looked up in the prefix cache.",
      ({ prefixQueries }) => prefixQueries,
    );
    total("prefix_cache_hits", "Those that were found there.", ({ prefixHits }) => prefixHits);
    total(
      "num_preemptions_total",
      "Sequences that gave up their blocks to others.",
      ({ preemptions }) => preemptions,
    );
  }

  /** The media type of {@linkcode Metrics.text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  /** An answer was given. */
  countRequest(route: string, method: string, status: number): void {
    this.#requests.inc({ route, method, status });
  }

  /** A request for answers was admitted. */
  countChoices(model: string, n: number): void {
    this.#choices.observe({ model_name: model }, n);
  }

  /** A sequence's first token came. */
  observeFirstToken(model: string, seconds: number): void {
    this.#firstToken.observe({ model_name: model }, seconds);
  }

  /** More tokens of a sequence came. */
  observeBetween(model: string, seconds: number): void {
    this.#between.observe({ model_name: model }, seconds);
  }

  /** A sequence is over without an end of its own. */
  countUnfinished(model: string, reason: "abort" | "error"): void {
    this.#finished.inc({ model_name: model, finished_reason: reason });
  }

  /** Tokens of prompts were read, for sequences or for embeddings. */
  countPromptTokens(model: string, tokens: number): void {
    this.#promptTokens.inc({ model_name: model }, tokens);
  }

  /** Tokens were generated. */
  countGenerationTokens(model: string, tokens: number): void {
    this.#generationTokens.inc({ model_name: model }, tokens);
  }

  /** A sequence came to its end. */
  observeFinished(
    model: string,
    reason: "stop" | "length",
    { seconds, promptTokens, tokens, phases: { queueMs, prefillMs, decodeMs } }: {
      seconds: number;
      promptTokens: number;
      tokens: number;
      phases: Phases;
    },
  ): void {
    const label = { model_name: model };
    this.#finished.inc({ ...label, finished_reason: reason });
    this.#e2e.observe(label, seconds);
    this.#queue.observe(label, queueMs / 1000);
    this.#prefill.observe(label, prefillMs / 1000);
    this.#decode.observe(label, decodeMs / 1000);
    this.#inference.observe(label, (prefillMs + decodeMs) / 1000);
    this.#requestPrompt.observe(label, promptTokens);
    this.#requestGeneration.observe(label, tokens);
  }

  #counter(name: string, help: string): Counter<"model_name"> {
    return new Counter({ name: `quern:${name}`, help, ...this.#model });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram<"model_name"> {
    return new Histogram({ name: `quern:${name}`, help, buckets, ...this.#model });
  }
}

function meanRows({ rows, steps }: EngineStats): number {
  return steps > 0 ? rows / steps : 0;
}
