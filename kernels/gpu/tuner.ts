/**
 * Chooses among the variants of what a program has asked for, by measurement on its own device:
 * 1. the group of shapes with the most work comes first,
 * 2. each variant is compiled and must give the plain one's results: the same bits where it promises
 *    the same order, else nearly the same; one that fails is dropped and told of,
 * 3. all are timed in turn, and the one with the smallest median is kept.
 */
import { type ChoiceTable, groupOf, type Question, shapeClass, type Variant } from "./choices.ts";
import type { Device } from "./device.ts";
import type { Recording } from "./recording.ts";
import type { TensorData } from "./tensor.ts";
import { canTry, difference, TrialTensors } from "./trial.ts";

/** Options of {@linkcode tune}. */
export interface TuneOptions {
  /**
   * Whether variants that sum in another order, and so give other bits, may be chosen too.
   * @default false
   */
  anyOrder?: boolean;
  /**
   * No shapes are begun after so long, in milliseconds. What is left gets its turn when the device is
   * tuned again: at least one of them each time. @default 10000
   */
  budgetMs?: number;
}

/** What a tuner tells. */
export type TuneEvent =
  | { type: "trying"; shapes: string; variant: string; decided: number; of: number }
  | { type: "dropped"; shapes: string; variant: string; reason: string }
  | { type: "chosen"; shapes: string; variant: string; speedup: number };

/** Turns in which the variants of a question are timed. */
const TURNS = 5;

/** Time that one measurement should take, in milliseconds: long beside the wait for the GPU. */
const MEASURE_MS = 30;

/** A variant this much slower than the fastest is not timed again. */
const HOPELESS = 2;

/**
 * Decides what the device was asked for and has no choice of yet, and takes the choices over. A
 * recording keeps the variants that it was made with; make it anew to use the new ones.
 *
 * @example
 * ```ts
 * import { Device, matmul, tune } from "@quern/quern";
 *
 * using device = await Device.open();
 * using a = device.tensor("a", [64, 64]);
 * using y = device.tensor("y", [64, 64]);
 * using _ = await device.record("square", (pass) => matmul(pass, { a, b: a, y }, { layout: "NN" }));
 * for await (const event of tune(device, { budgetMs: 1000 })) {
 *   if (event.type === "chosen") console.log(event.shapes, event.variant);
 * }
 * ```
 */
export async function* tune(
  device: Device,
  { anyOrder = false, budgetMs = 10_000 }: TuneOptions = {},
): AsyncGenerator<TuneEvent> {
  const groups = await undecidedGroups(device);
  const deadline = performance.now() + budgetMs;
  const of = groups.reduce((sum, { length }) => sum + length, 0);
  let decided = 0;
  for (const questions of groups) {
    // What was decided for some rows binds the others of their group.
    const anyOrderYet = anyOrder && !device.choices.hasGroup(questions[0]);
    const timings = new Map<Question, Map<Variant, number>>();
    for (const question of questions) {
      if (performance.now() >= deadline) break;
      const { order } = device.choices.pick(question);
      const { plain } = question;
      const others = question.variants.filter((each) =>
        each !== plain && (anyOrderYet || each.order === order)
      );
      const times = yield* timeVariants(device, question, [plain, ...others], { decided, of });
      if (!anyOrderYet && plain.order !== order) times.delete(plain);
      if (times.size > 0) timings.set(question, times);
    }
    if (timings.size === 0) continue;
    const order = bestOrder(timings);
    const chosen = [...timings].flatMap(([question, times]) => {
      const ordered = [...times].filter(([each]) => each.order === order);
      if (ordered.length === 0) return [];
      const [variant, ms] = fastest(ordered);
      const before = times.get(device.choices.pick(question)) ?? ms;
      return [{ question, variant, speedup: before / ms }];
    });
    device.choices.merge(tableOf(chosen));
    for (const { question, variant, speedup } of chosen) {
      yield { type: "chosen", shapes: shapeClass(question), variant: variant.name, speedup };
    }
    decided += timings.size;
  }
}

function tableOf(chosen: readonly { question: Question; variant: Variant }[]): ChoiceTable {
  const table: ChoiceTable = { orders: {}, variants: {} };
  for (const { question, variant } of chosen) {
    const [standard] = question.variants;
    if (variant.order !== standard.order) table.orders[groupOf(question)] = variant.order;
    table.variants[shapeClass(question)] = variant.name;
  }
  return table;
}

/** Questions with a choice that is not made yet, by group, those with the most work first. */
async function undecidedGroups(device: Device): Promise<Question[][]> {
  const { choices } = device;
  const slow = await device.barriersAreSlow();
  const open = [...choices.asked.values()]
    .filter((question) => !choices.has(shapeClass(question)) && canTry(question))
    .map((question) => {
      const variants = choices.usable(question).filter(({ barriers }) => !barriers || !slow);
      const plain = variants.includes(question.plain) ? question.plain : variants[0];
      return { ...question, variants, plain };
    })
    .filter(({ variants }) => variants.length > 1);
  const work = (questions: Question[]) =>
    questions.reduce((sum, { trial }) => sum + trial.operations, 0);
  return [...Map.groupBy(open, groupOf).values()].sort((a, b) => work(b) - work(a));
}

/** Median milliseconds of each variant that is right, the plain one first. */
async function* timeVariants(
  device: Device,
  question: Question,
  variants: readonly Variant[],
  { decided, of }: { decided: number; of: number },
): AsyncGenerator<TuneEvent, Map<Variant, number>> {
  using stack = new DisposableStack();
  const tensors = stack.use(new TrialTensors(device, question));
  const shapes = shapeClass(question);
  const recordings = new Map<Variant, Recording>();
  let wanted: { data: TensorData[]; order: string } | undefined;
  for (const variant of variants) {
    yield { type: "trying", shapes, variant: variant.name, decided, of };
    try {
      const recording = stack.use(await tensors.record(variant));
      const found = await tensors.results(recording);
      wanted ??= { data: found, order: variant.order };
      const reason = difference(found, wanted.data, variant.order === wanted.order);
      if (reason === undefined) recordings.set(variant, recording);
      else yield { type: "dropped", shapes, variant: variant.name, reason };
    } catch (error) {
      yield { type: "dropped", shapes, variant: variant.name, reason: (error as Error).message };
    }
  }
  return await medians(device, recordings);
}

/** Times recordings in turn. */
async function medians(
  device: Device,
  recordings: ReadonlyMap<Variant, Recording>,
): Promise<Map<Variant, number>> {
  const [first] = recordings.values();
  if (!first) return new Map();
  const runs = await runsOf(device, first);
  const times = new Map([...recordings.keys()].map((variant) => [variant, [] as number[]]));
  const median = (variant: Variant) => {
    const sorted = times.get(variant)!.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1];
  };
  for (let turn = 0; turn < TURNS; turn++) {
    const best = turn === 0 ? Infinity : Math.min(...[...recordings.keys()].map(median));
    for (const [variant, recording] of recordings) {
      if (turn > 0 && median(variant) > HOPELESS * best) continue;
      times.get(variant)!.push(await timeRuns(device, recording, runs));
    }
  }
  return new Map([...recordings.keys()].map((variant) => [variant, median(variant)]));
}

/** Runs that take long enough to be timed. */
async function runsOf(device: Device, recording: Recording): Promise<number> {
  for (let runs = 1;; runs *= 4) {
    const ms = runs * await timeRuns(device, recording, runs);
    if (ms >= MEASURE_MS || runs >= 1024) return runs;
  }
}

/** Milliseconds of a run, the mean of several. */
async function timeRuns(device: Device, recording: Recording, runs: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < runs; i++) recording.run();
  await device.gpu.queue.onSubmittedWorkDone();
  return (performance.now() - start) / runs;
}

/** The order whose best variants take the least time over all questions of a group. */
function bestOrder(timings: ReadonlyMap<Question, ReadonlyMap<Variant, number>>): string {
  const all = [...timings.values()];
  const orders = new Set(all.flatMap((times) => [...times.keys()].map(({ order }) => order)));
  const totals = [...orders].map((order) => {
    const each = all.map((times) => [...times].filter(([variant]) => variant.order === order));
    const ms = each.reduce(
      (sum, times) => sum + (times.length > 0 ? fastest(times)[1] : Infinity),
      0,
    );
    return [order, ms] as const;
  });
  return fastest(totals)[0];
}

function fastest<T>(times: readonly (readonly [T, number])[]): readonly [T, number] {
  return times.reduce((best, each) => each[1] < best[1] ? each : best);
}
