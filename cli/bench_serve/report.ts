import type { LoadResult } from "./load.ts";
import type { Measurement, Served } from "./request.ts";

/** The most that a request may take to count as good. */
export interface ServiceLevel {
  /** Time to the first token, in milliseconds. @default any */
  firstTokenMs?: number;
  /** Time per further token, in milliseconds. @default any */
  perTokenMs?: number;
  /** Time of the whole answer, in milliseconds. @default any */
  latencyMs?: number;
}

/** How some times are spread, in milliseconds; NaN where there are none. */
export interface Spread {
  mean: number;
  p50: number;
  p95: number;
  p99: number;
}

/**
 * What a load showed.
 *
 * Definitions: vLLM's `benchmarks/serve.py` and NVIDIA's AIPerf ("Metrics", NIM for LLMs), which
 * counts from the first token that is not empty.
 */
export interface Report {
  requests: number;
  answered: number;
  /** Requests not answered to their end, by reason. */
  failed: Record<string, number>;
  mostUnderWay: number;
  /** From the first request sent to the last answer's end, in seconds. */
  seconds: number;
  requestsPerSecond: number;
  /** Tokens of the answers, as `usage` counts them, by the whole time. */
  outputTokensPerSecond: number;
  /** Those of the prompts too. */
  totalTokensPerSecond: number;
  /** Requests within the service level, by the whole time; null where there is no level. */
  goodputRequestsPerSecond: number | null;
  /** Tokens of a prompt and of an answer, on average. */
  promptTokens: number;
  outputTokens: number;
  /** From sending a request to the first event with text. */
  firstTokenMs: Spread;
  /** Between events with text of one answer: tokens that share an event count once. */
  interTokenMs: Spread;
  /** Of a request of several tokens: the time behind the first one, by their number less one. */
  perTokenMs: Spread;
  /** From sending a request to the end of its answer. */
  latencyMs: Spread;
}

/** Makes a report of measurements. */
export function reportOf(
  { measurements, mostUnderWay }: LoadResult,
  level: ServiceLevel = {},
): Report {
  const served = measurements.filter(isServed);
  const failures = measurements.filter((each) => "failure" in each);
  const startMs = Math.min(...measurements.map(({ sentMs }) => sentMs));
  const endMs = Math.max(...measurements.map(({ endedMs }) => endedMs));
  const seconds = (endMs - startMs) / 1000;
  const [input, output] = [sum(served, "promptTokens"), sum(served, "outputTokens")];
  const hasLevel = Object.values(level).some((most) => most !== undefined);
  const good = served.filter((each) => isWithin(each, level));
  return {
    requests: measurements.length,
    answered: served.length,
    failed: Object.fromEntries(
      Array.from(
        Map.groupBy(failures, ({ failure }) => failure),
        ([why, { length }]) => [why, length],
      ),
    ),
    mostUnderWay,
    seconds,
    requestsPerSecond: served.length / seconds,
    outputTokensPerSecond: output / seconds,
    totalTokensPerSecond: (input + output) / seconds,
    goodputRequestsPerSecond: hasLevel ? good.length / seconds : null,
    promptTokens: input / served.length,
    outputTokens: output / served.length,
    firstTokenMs: spread(firstTokens(served)),
    interTokenMs: spread(gaps(served)),
    perTokenMs: spread(served.map(perTokenMs).filter((ms) => ms !== undefined)),
    latencyMs: spread(served.map(({ sentMs, endedMs }) => endedMs - sentMs)),
  };
}

/** Whether a request was answered. */
export function isServed(measurement: Measurement): measurement is Served {
  return !("failure" in measurement);
}

/** The times to the first token, of answers that have one. */
export function firstTokens(served: readonly Served[]): number[] {
  return served.filter(({ eventsMs }) => eventsMs.length > 0)
    .map(({ sentMs, eventsMs }) => eventsMs[0] - sentMs);
}

/** The times between events of one answer. */
export function gaps(served: readonly Served[]): number[] {
  return served.flatMap(({ eventsMs }) => eventsMs.slice(1).map((ms, i) => ms - eventsMs[i]));
}

function perTokenMs({ eventsMs, endedMs, outputTokens }: Served): number | undefined {
  if (outputTokens < 2 || eventsMs.length === 0) return undefined;
  return (endedMs - eventsMs[0]) / (outputTokens - 1);
}

function isWithin(request: Served, { firstTokenMs, perTokenMs: most, latencyMs }: ServiceLevel) {
  const { sentMs, eventsMs, endedMs } = request;
  return (eventsMs[0] ?? endedMs) - sentMs <= (firstTokenMs ?? Infinity) &&
    (perTokenMs(request) ?? 0) <= (most ?? Infinity) &&
    endedMs - sentMs <= (latencyMs ?? Infinity);
}

function sum(served: readonly Served[], field: "promptTokens" | "outputTokens"): number {
  return served.reduce((total, each) => total + each[field], 0);
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    mean: sorted.reduce((total, value) => total + value, 0) / sorted.length,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
  };
}

/**
 * The value below which a share of others lies, between neighbours by their distance, as NumPy's
 * `percentile` does by default.
 *
 * @param sorted in rising order
 */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
