import { type Measurement, measureRequest, type Target } from "./request.ts";

/** The load that is put on a server. */
export interface LoadOptions {
  /** When each request arrives, in milliseconds from the start, in rising order. */
  arrivalsMs: readonly number[];
  /** Most requests under way; others wait and are sent later. @default any number */
  concurrency?: number;
  /** Longest time of a request, in milliseconds. */
  timeoutMs: number;
  /** Breaks off what is under way and sends no more. */
  signal?: AbortSignal;
  /** Called with the number of requests that are over. */
  onProgress?(done: number): void;
}

/** What came of a load. */
export interface LoadResult {
  /** In the order in which they were sent. */
  measurements: Measurement[];
  /** Most requests that were under way at once. */
  mostUnderWay: number;
}

/**
 * The times at which requests arrive: of a Poisson process, whose gaps are exponential and
 * independent, or all at once.
 *
 * @param requestsPerSecond the mean rate; 0 for a burst
 * @param random numbers in [0, 1)
 */
export function arrivalTimes(
  count: number,
  requestsPerSecond: number,
  random: () => number,
): number[] {
  let now = 0;
  return Array.from({ length: count }, () => {
    if (requestsPerSecond > 0) now -= Math.log(1 - random()) / requestsPerSecond * 1000;
    return now;
  });
}

/** Sends a prompt at each arrival and measures the answers. */
export async function runLoad(
  target: Target,
  promptOf: (request: number) => string,
  { arrivalsMs, concurrency = Infinity, timeoutMs, signal, onProgress }: LoadOptions,
): Promise<LoadResult> {
  const measurements: Measurement[] = [];
  const waiting: (() => void)[] = [];
  let [underWay, mostUnderWay, done] = [0, 0, 0];
  const startMs = performance.now();

  async function send(request: number): Promise<void> {
    if (underWay >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    if (signal?.aborted) return waiting.shift()?.();
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    const limits = [AbortSignal.timeout(timeoutMs), ...signal ? [signal] : []];
    measurements.push(await measureRequest(target, promptOf(request), AbortSignal.any(limits)));
    underWay--;
    onProgress?.(++done);
    waiting.shift()?.();
  }

  const sent: Promise<void>[] = [];
  for (const [request, arrivalMs] of arrivalsMs.entries()) {
    const early = startMs + arrivalMs - performance.now();
    if (early > 0) await sleep(early, signal);
    if (signal?.aborted) break;
    sent.push(send(request));
  }
  await Promise.all(sent);
  measurements.sort((a, b) => a.sentMs - b.sentMs);
  return { measurements, mostUnderWay };
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve();
  }, { once: true });
  return promise;
}
