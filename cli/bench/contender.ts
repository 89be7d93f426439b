import process from "node:process";
import type { DType, ModelSizes, TensorData } from "../../kernels/mod.ts";

/** Sizes of an op, and for whole steps the number of blocks too. */
export interface WorkSizes extends ModelSizes {
  layers?: number;
}

/** What some runs took, in milliseconds. */
export interface Spent {
  ms: number;
  /** Of all processor cores, the GPU's where it is software; what else the machine does matters less. */
  cpuMs: number;
}

/** Does a work some times. */
export type Runner = (runs: number) => Promise<Spent>;

/** The numbers that an op begins with, and its options. */
export interface Given {
  /** By the op's names: all tensors but scratch. */
  tensors: Record<string, { shape: readonly number[]; dtype: DType; data: TensorData }>;
  options: Record<string, unknown>;
}

/** A work that is ready to be done. */
export interface PreparedWork {
  run: Runner;
  /**
   * Does it once, before it is run, on the given numbers; tells elements of its results.
   *
   * @param places indices of elements by the op's names; names that the work has no result of are left out
   */
  results(places: Record<string, number[]>): Promise<Record<string, number[]>>;
}

/** Another program that does the bench's work in turn with Quern. */
export interface Contender extends AsyncDisposable {
  /** Name and version. */
  name: string;
  /** Prepares an op, by the name of its kernel case; undefined where it has none of that name. */
  prepare(work: string, given: Given): Promise<PreparedWork | undefined>;
  /** Prepares training steps of a model; absent where it has none. */
  prepareTraining?(sizes: WorkSizes): Promise<Runner>;
}

/** How long a work takes, in milliseconds. */
export interface Timing {
  /** Turns of which the median is taken. */
  rounds: number;
  medianMs: number;
  lowMs: number;
  highMs: number;
  /** Median time of the processor's cores. */
  cpuMs: number;
}

/** Takes the time of this process. */
export async function spend(work: () => Promise<unknown>): Promise<Spent> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}

/** Time that one measurement should take, in milliseconds: long beside the wait for a GPU. */
const MEASURE_MS = 120;

/** Time that all turns of a work may take together, in milliseconds. */
export const TURNS_MS = 10_000;

/**
 * Times works in turn, so that what else the machine does meets all of them alike.
 *
 * @param most turns; there are fewer, but one at least, where they would take longer than `TURNS_MS`
 */
export async function timeInTurn<K>(
  runners: ReadonlyMap<K, Runner>,
  most: number,
): Promise<Map<K, Timing>> {
  const runs = new Map<K, number>();
  let turnMs = 0;
  for (const [key, run] of runners) {
    const enough = await enoughRuns(run);
    runs.set(key, enough.runs);
    turnMs += enough.ms;
  }
  const rounds = Math.max(1, Math.min(most, Math.floor(TURNS_MS / turnMs)));
  const spent = new Map([...runners.keys()].map((key) => [key, [] as Spent[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [key, run] of runners) {
      const count = runs.get(key)!;
      const { ms, cpuMs } = await run(count);
      spent.get(key)!.push({ ms: ms / count, cpuMs: cpuMs / count });
    }
  }
  return new Map([...spent].map(([key, each]) => {
    const sorted = (of: (one: Spent) => number) => each.map(of).sort((a, b) => a - b);
    const [ms, cpuMs] = [sorted((one) => one.ms), sorted((one) => one.cpuMs)];
    const middle = rounds >> 1;
    const timing = { medianMs: ms[middle], lowMs: ms[0], highMs: ms.at(-1)! };
    return [key, { rounds, ...timing, cpuMs: cpuMs[middle] }];
  }));
}

/** Runs that take long enough to be timed, and their time; the first compiles what is compiled late. */
async function enoughRuns(run: Runner): Promise<{ runs: number; ms: number }> {
  await run(1);
  for (let runs = 1;;) {
    const { ms } = await run(runs);
    if (ms >= MEASURE_MS || runs >= 4096) return { runs, ms };
    runs *= Math.min(16, Math.max(2, Math.ceil(1.2 * MEASURE_MS / ms)));
  }
}
