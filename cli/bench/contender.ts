import type { ModelSizes } from "../../kernels/mod.ts";

/** Sizes of an op, and for whole steps the number of blocks too. */
export interface WorkSizes extends ModelSizes {
  layers?: number;
}

/** Does a work some times and gives the milliseconds that all took. */
export type Runner = (runs: number) => Promise<number>;

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
  const times = new Map([...runners.keys()].map((key) => [key, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [key, run] of runners) {
      times.get(key)!.push(await run(runs.get(key)!) / runs.get(key)!);
    }
  }
  return new Map([...times].map(([key, each]) => {
    const sorted = each.toSorted((a, b) => a - b);
    return [key, {
      medianMs: sorted[sorted.length >> 1],
      lowMs: sorted[0],
      highMs: sorted.at(-1)!,
    }];
  }));
}

/** Runs that take long enough to be timed; the first compiles what is compiled late. */
async function runsOf(run: Runner): Promise<number> {
  await run(1);
  for (let runs = 1;;) {
    const ms = await run(runs);
    if (ms >= MEASURE_MS || runs >= 4096) return runs;
    runs *= Math.min(16, Math.max(2, Math.ceil(1.2 * MEASURE_MS / ms)));
  }
}
