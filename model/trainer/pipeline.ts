import type { Span } from "../../kernels/mod.ts";
import type { AnyBatch } from "../network.ts";
import { sumOf } from "./batch.ts";
import type { TrainOptions } from "./options.ts";
import { learningRateAt } from "./schedule.ts";
import { RING, type StepResult, type TrainingStep } from "./step.ts";

/** Steps are read back in groups of about this long, so that the wait for it does not count. */
const GROUP_SECONDS = 0.5;

/** Iterations that ran one after another and were read back at once. */
export interface StepGroup {
  results: StepResult[];
  /** Learning rate of each. */
  learningRates: number[];
  /** Tokens of all of them, padding among them. */
  tokens: number;
  /** Time since the GPU was done with the group before, or since this one was handed over. */
  seconds: number;
  /** Milliseconds spent waiting for its batches. */
  waitedMs: number;
}

/** Batches of the next iterations. */
interface Taken {
  batches: AnyBatch[][];
  waitedMs: number;
}

/** Iterations that the GPU has, or will have soon. */
interface Submitted {
  learningRates: number[];
  tokens: number;
  waitedMs: number;
  begin: number;
}

/**
 * Hands iterations to the GPU in groups, so that it never waits for the host: while a group runs the
 * batches of the next are read, and that one is handed over the moment the GPU is done, before the
 * results have arrived here.
 */
export class StepPipeline {
  #size = 1;
  /** When the GPU was done with the group before. */
  #idleAt = 0;

  /** @param reader gives the micro-batches of one iteration after another */
  constructor(
    private readonly step: TrainingStep,
    private readonly options: TrainOptions,
    private readonly reader: ReadableStreamDefaultReader<AnyBatch>,
  ) {}

  /**
   * Runs the iterations after `from` up to `until`.
   *
   * @param goesOn asked before each further group; where it says no, what runs is finished
   * @throws {RangeError} if the batches end before
   */
  async *run(from: number, until: number, goesOn: () => boolean): AsyncGenerator<StepGroup> {
    let at = from;
    let running: Submitted | undefined;
    while (running || at === from || (at < until && goesOn())) {
      running ??= this.#submit(await this.#take(at, until), at);
      at += running.learningRates.length;
      // What cannot be taken is asked for again, and told, once the results so far are handed on.
      const next: Taken | undefined = at < until && goesOn()
        ? await this.#take(at, until).catch(() => undefined)
        : undefined;
      // The call lasts until the GPU is idle, the promise some milliseconds longer.
      const reading = this.step.read();
      const idleAt = performance.now();
      const ahead = next && this.#submit(next, at);
      yield this.#finish(running, idleAt, await reading);
      running = ahead;
    }
  }

  /**
   * Runs the iteration after `from` alone, and takes the time of its kernels.
   *
   * @throws {GpuError} if the device has no clock
   */
  async profile(from: number): Promise<{ group: StepGroup; spans: Span[] }> {
    const taken = await this.#take(from, from + 1);
    let running: Submitted;
    const spans = await this.step.model.device.profile(() => running = this.#submit(taken, from));
    const reading = this.step.read();
    return { group: this.#finish(running!, performance.now(), await reading), spans };
  }

  /** Batches of the next group. */
  async #take(from: number, until: number): Promise<Taken> {
    const { accumulationSteps, iterations } = this.options;
    const taken: Taken = { batches: [], waitedMs: 0 };
    while (taken.batches.length < Math.min(this.#size, until - from)) {
      const micro: AnyBatch[] = [];
      while (micro.length < accumulationSteps) {
        const asked = performance.now();
        const { done, value } = await this.reader.read();
        taken.waitedMs += performance.now() - asked;
        if (done) {
          const iteration = from + taken.batches.length + 1;
          throw new RangeError(
            `Cannot train on: the batches ended at iteration ${iteration} of ${iterations}`,
          );
        }
        micro.push(value);
      }
      taken.batches.push(micro);
    }
    return taken;
  }

  /** Hands the GPU the iterations after `from`. */
  #submit({ batches, waitedMs }: Taken, from: number): Submitted {
    const begin = performance.now();
    const learningRates = batches.map((micro, i) => {
      const iteration = from + i + 1;
      const learningRate = learningRateAt(iteration, this.options);
      this.step.run(micro, iteration, learningRate);
      return learningRate;
    });
    const tokens = sumOf(batches.flat().map(({ B, T }) => B * T));
    return { learningRates, tokens, waitedMs, begin };
  }

  #finish(
    { begin, ...group }: Submitted,
    idleAt: number,
    results: StepResult[],
  ): StepGroup {
    const seconds = (idleAt - Math.max(begin, this.#idleAt)) / 1000;
    this.#idleAt = idleAt;
    const perSecond = results.length / seconds;
    this.#size = Math.max(1, Math.min(RING, Math.round(perSecond * GROUP_SECONDS)));
    return { results, ...group, seconds };
  }
}
