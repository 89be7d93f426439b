/** Prometheus metrics: vLLM's names and buckets under `quern:`, and what shows that batching works. */
import type { Engine, EngineStats } from "../engine/mod.ts";
import { type Counter, Exposition, type Histogram } from "./exposition.ts";

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

/** Rows of a step; powers of two, as the engine counts them. */
const STEP_BUCKETS = [1, ...Array.from({ length: 12 }, (_, i) => 2 ** (i + 3))];

/** Milliseconds of a finished sequence, by phase. */
export interface Phases {
  queueMs: number;
  prefillMs: number;
  decodeMs: number;
}

/** Counts what the server does; each has its own. */
export class Metrics {
  readonly #all = new Exposition();
  readonly #requests = this.#counter("http_requests_total", "Answers by route, method and status.");
  readonly #finished = this.#counter(
    "request_success_total",
    "Sequences that are over, by why: stop, length, abort (the client left) or error.",
  );
  readonly #promptTokens = this.#counter(
    "prompt_tokens_total",
    "Tokens of prompts that were read.",
  );
  readonly #generationTokens = this.#counter("generation_tokens_total", "Tokens generated.");
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
  readonly #iterationTokens = this.#histogram(
    "iteration_tokens_total",
    "Tokens of a step, those of prompts and of answers together.",
    STEP_BUCKETS,
  );
  /** What the engine tells of itself, by how it is found in its figures. */
  readonly #engineMetrics: [metric: Counter, of: (stats: EngineStats) => number][];

  /** @param engine whose state is told at each reading */
  constructor(private readonly engine: Engine) {
    const gauge = (name: string, help: string) => this.#all.gauge(`quern:${name}`, help);
    const counter = (name: string, help: string) => this.#counter(name, help);
    this.#engineMetrics = [
      [
        gauge("engine_ready", "1 while the engine answers, else 0."),
        () => engine.state === "ready" ? 1 : 0,
      ],
      [gauge("num_requests_running", "Sequences in the batch."), ({ running }) => running],
      [gauge("num_requests_waiting", "Sequences that wait for a place."), ({ waiting }) => waiting],
      [gauge("batch_places", "Places in the batch."), ({ places }) => places],
      [gauge("n_busy_slots_per_decode", "Mean sequences of a decoding step."), meanRows],
      [
        gauge("batch_fill_ratio", "Mean share of the batch's places that a decoding step fills."),
        (stats) => share(meanRows(stats), stats.places),
      ],
      [
        gauge("kv_cache_usage_perc", "Share of the cache's blocks that are in use, 0 to 1."),
        ({ usedBlocks, blocks }) => share(usedBlocks, blocks),
      ],
      [gauge("gpu_memory_bytes", "GPU memory in use."), ({ gpuBytes }) => gpuBytes],
      [counter("n_decode_total", "Decoding steps."), ({ steps }) => steps],
      [
        counter("gpu_seconds_total", "Time that steps took on the GPU."),
        ({ gpuMs }) => gpuMs / 1000,
      ],
      [
        counter("host_seconds_total", "The host's work between steps."),
        ({ hostMs }) => hostMs / 1000,
      ],
      [
        counter("prefix_cache_queries", "Tokens of prompts looked up in the prefix cache."),
        ({ prefixQueries }) => prefixQueries,
      ],
      [counter("prefix_cache_hits", "Those found there."), ({ prefixHits }) => prefixHits],
      [
        counter("num_preemptions_total", "Sequences that gave up their blocks to others."),
        ({ preemptions }) => preemptions,
      ],
    ];
  }

  /** The media type of {@linkcode Metrics.text}. */
  get contentType(): string {
    return this.#all.contentType;
  }

  /** All metrics in Prometheus' text format. */
  async text(): Promise<string> {
    const stats = await this.engine.stats();
    for (const [metric, of] of this.#engineMetrics) metric.set(of(stats));
    const { stepsByRows, rows } = stats;
    this.#iterationTokens.set(stepsByRows.map((count, power) => [2 ** power, count]), rows);
    return this.#all.text();
  }

  /** An answer was given. */
  countRequest(route: string, method: string, status: number): void {
    this.#requests.add(1, { route, method, status });
  }

  /** A request for answers was admitted. */
  countChoices(model: string, n: number): void {
    this.#choices.observe(n, { model_name: model });
  }

  /** A sequence's first token came. */
  observeFirstToken(model: string, seconds: number): void {
    this.#firstToken.observe(seconds, { model_name: model });
  }

  /** More tokens of a sequence came. */
  observeBetween(model: string, seconds: number): void {
    this.#between.observe(seconds, { model_name: model });
  }

  /** A sequence is over without an end of its own. */
  countUnfinished(model: string, reason: "abort" | "error"): void {
    this.#finished.add(1, { model_name: model, finished_reason: reason });
  }

  /** Tokens of prompts were read, for sequences or for embeddings. */
  countPromptTokens(model: string, tokens: number): void {
    this.#promptTokens.add(tokens, { model_name: model });
  }

  /** Tokens were generated. */
  countGenerationTokens(model: string, tokens: number): void {
    this.#generationTokens.add(tokens, { model_name: model });
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
    this.#finished.add(1, { ...label, finished_reason: reason });
    this.#e2e.observe(seconds, label);
    this.#queue.observe(queueMs / 1000, label);
    this.#prefill.observe(prefillMs / 1000, label);
    this.#decode.observe(decodeMs / 1000, label);
    this.#inference.observe((prefillMs + decodeMs) / 1000, label);
    this.#requestPrompt.observe(promptTokens, label);
    this.#requestGeneration.observe(tokens, label);
  }

  #counter(name: string, help: string): Counter {
    return this.#all.counter(`quern:${name}`, help);
  }

  #histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    return this.#all.histogram(`quern:${name}`, help, bounds);
  }
}

function meanRows({ rows, steps }: EngineStats): number {
  return share(rows, steps);
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
