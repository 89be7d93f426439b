import type { EngineStats } from "./engine.ts";

/** The figures of an engine that has done nothing. */
export const NO_STATS: EngineStats = {
  running: 0,
  waiting: 0,
  places: 0,
  usedBlocks: 0,
  blocks: 0,
  prefixQueries: 0,
  prefixHits: 0,
  preemptions: 0,
  steps: 0,
  rows: 0,
  gpuMs: 0,
  hostMs: 0,
  gpuBytes: 0,
};

/** The figures of two engines together. */
export function addStats(a: EngineStats, b: EngineStats): EngineStats {
  const sums = Object.keys(NO_STATS).map((key) => [
    key,
    a[key as keyof EngineStats] + b[key as keyof EngineStats],
  ]);
  return Object.fromEntries(sums) as unknown as EngineStats;
}

/** What is counted since the start, without what is so now. */
export function countersOf(stats: EngineStats): EngineStats {
  const { prefixQueries, prefixHits, preemptions, steps, rows, gpuMs, hostMs } = stats;
  return { ...NO_STATS, prefixQueries, prefixHits, preemptions, steps, rows, gpuMs, hostMs };
}
