import process from "node:process";
import type { ModelSizes } from "../../kernels/mod.ts";

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

/** Another program that does the bench's work in turn with Quern. */
export interface Contender extends AsyncDisposable {
  /** Name and version. */
  name: string;
  /** Prepares a work, by the names of the kernel cases; undefined where it has none of that name. */
  prepare(work: string, sizes: WorkSizes): Promise<Runner | undefined>;
}

/** How long a work takes, in milliseconds. */
export interface Timing {
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

/** Times works in turn, so that what else the machine does meets all of them alike. */
export async function timeInTurn<K>(
  runners: ReadonlyMap<K, Runner>,
  rounds: number,
): Promise<Map<K, Timing>> {
  const runs = new Map<K, number>();
  for (const [key, run] of runners) runs.set(key, await runsOf(run));
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
    const middle = each.length >> 1;
    return [key, { medianMs: ms[middle], lowMs: ms[0], highMs: ms.at(-1)!, cpuMs: cpuMs[middle] }];
  }));
}

/** Runs that take long enough to be timed; the first compiles what is compiled late. */
async function runsOf(run: Runner): Promise<number> {
  await run(1);
  for (let runs = 1;;) {
    const { ms } = await run(runs);
    if (ms >= MEASURE_MS || runs >= 4096) return runs;
    runs *= Math.min(16, Math.max(2, Math.ceil(1.2 * MEASURE_MS / ms)));
  }
}
