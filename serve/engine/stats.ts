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
  stepsByRows: [],
  gpuMs: 0,
  hostMs: 0,
  gpuBytes: 0,
};

/** The figures of two engines together. */
export function addStats(a: EngineStats, b: EngineStats): EngineStats {
  const sums = (Object.keys(NO_STATS) as (keyof EngineStats)[]).map((key) => [
    key,
    key === "stepsByRows" ? addEach(a[key], b[key]) : a[key] + b[key],
  ]);
  return Object.fromEntries(sums) as unknown as EngineStats;
}

/** What is counted since the start, without what is so now. */
export function countersOf(stats: EngineStats): EngineStats {
  const now = { running: 0, waiting: 0, places: 0, usedBlocks: 0, blocks: 0, gpuBytes: 0 };
  return { ...stats, ...now };
}

function addEach(a: readonly number[], b: readonly number[]): number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0));
}
