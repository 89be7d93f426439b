import type { TuneEvent } from "../../kernels/mod.ts";
import {
  checkpointFolder,
  pruneCheckpoints,
  readTrainerState,
  SafetensorsFile,
  writeFolder,
  writeSafetensors,
} from "../checkpoint/mod.ts";
import type { Gpt } from "../gpt/mod.ts";
import type { AnyBatch, Network } from "../network.ts";
import { Evaluator } from "./evaluator.ts";
import type { CheckpointEvent, StepEvent, TrainEvent } from "./events.ts";
import {
  assertTrainOptions,
  type Measured,
  TRAIN_DEFAULTS,
  type TrainInputs,
  type TrainOptions,
} from "./options.ts";
import { type StepGroup, StepPipeline } from "./pipeline.ts";
import { TrainingStep } from "./step.ts";

/** Training that is over sooner is not slowed down by tuning. */
const TUNE_AFTER_SECONDS = 5;

/** Iterations before the one whose kernels are timed: the first ones compile. */
const PROFILE_AFTER = 3;

/** Updates left out one after another beyond which the gradient itself is not finite. */
const MOST_SKIPPED = 30;

/** GPU memory of training by kind, in bytes. */
export interface TrainingMemory {
  /** The model's parameters, and matrices in f16 where products read those. */
  weights: number;
  /** Their gradients. */
  gradients: number;
  /** AdamW's two running means. */
  moments: number;
  /** What the forward pass keeps for the backward pass. */
  activations: number;
  /** Logits of some rows, gradients of activations, and what kernels hand to each other. */
  scratch: number;
  /** All of it. */
  total: number;
}

/**
 * Trains a model with AdamW and tells what happens as a stream of events.
 *
 * @example
 * ```ts
 * import { batches, byteTokenizer, Device, Gpt, PRESETS, Trainer } from "@quern/quern";
 *
 * using device = await Device.open();
 * const config = { ...PRESETS.nano, layers: 1, context: 8, vocabularySize: 256, dropout: 0, bias: true, tie: true };
 * using model = Gpt.create(device, config, { seed: 1 });
 * const tokens = byteTokenizer().encode("To be, or not to be, that is the question. ".repeat(9));
 * using trainer = await Trainer.create(model, { batchSize: 2, iterations: 3 });
 * const rows = { batchSize: 2, context: 8, order: "shuffled", seed: 1 } as const;
 * for await (const event of trainer.train({ batches: batches(tokens, rows) })) {
 *   if (event.type === "step") console.log(event.iteration, event.loss);
 * }
 * ```
 */
export class Trainer<M extends Network = Gpt> implements Disposable {
  /** Iterations done. */
  iteration = 0;
  /** The best evaluation so far, by score or else by loss, and how many were worse since. */
  #best?: Measured;
  #worse = 0;
  /** Updates left out, in all and since the last one that was not. */
  #skipped = { total: 0, now: 0 };
  #lastCheckpoint?: string;

  private constructor(
    readonly model: M,
    readonly options: TrainOptions,
    private readonly step: TrainingStep,
    private readonly evaluator: Evaluator,
  ) {}

  /**
   * Prepares training from the model's weights as they are.
   *
   * @throws {RangeError} if an option is out of its range
   * @throws {GpuError} when out of GPU memory
   */
  static async create<M extends Network>(
    model: M,
    options: Partial<TrainOptions> = {},
  ): Promise<Trainer<M>> {
    const all = { ...TRAIN_DEFAULTS, ...options };
    assertTrainOptions(all);
    const step = await TrainingStep.create(model, all);
    const shape = { B: all.batchSize, T: all.context ?? model.config.context };
    return new Trainer(model, all, step, await Evaluator.create(model, shape, step.passes));
  }

  /**
   * Goes on from a checkpoint: weights, moments and iteration are as they were.
   *
   * @param checkpoint a folder that a trainer wrote, such as `runs/x/checkpoints/step-000500`
   * @throws {Error} if the checkpoint is not whole
   */
  static async resume<M extends Network>(
    model: M,
    checkpoint: string,
    options: Partial<TrainOptions> = {},
  ): Promise<Trainer<M>> {
    const state = await readTrainerState(checkpoint);
    const trainer = await Trainer.create(model, options);
    try {
      using file = SafetensorsFile.open(`${checkpoint}/optimizer.safetensors`);
      for (const kind of ["m", "v"] as const) {
        for (const [name, tensor] of trainer.step.moments[kind].tensors) {
          tensor.write(await file.read(`${kind}.${name}`));
        }
      }
    } catch (error) {
      trainer[Symbol.dispose]();
      throw error;
    }
    trainer.iteration = state.iteration;
    if (state.lossScale) {
      trainer.step.half?.restore(state.lossScale);
      trainer.#skipped.total = state.lossScale.skipped;
    }
    const { bestValidationLoss, bestScore } = state;
    if (bestValidationLoss !== undefined) {
      trainer.#best = {
        validationLoss: bestValidationLoss,
        ...(bestScore !== undefined && { score: bestScore }),
      };
    }
    trainer.#worse = state.worse ?? 0;
    trainer.#lastCheckpoint = checkpoint;
    return trainer;
  }

  /**
   * Trains up to the last iteration, or until the signal: then the iteration under way is finished
   * and saved.
   *
   * @throws {Error} if the loss or the gradient is no longer finite, naming the iteration
   * @throws {GpuError} if the device fails
   */
  async *train(inputs: TrainInputs): AsyncGenerator<TrainEvent> {
    const { iterations, evalInterval, saveInterval, sampleInterval, patience } = this.options;
    const { batchSize, accumulationSteps, context = this.model.config.context } = this.options;
    const evaluate = inputs.evaluate ?? (inputs.validation && (async (evaluator: Evaluator) => {
      const { sum, weight } = await evaluator.measure(inputs.validation!());
      return { validationLoss: sum / weight };
    }));
    const { lengths = [context] } = this.options;
    const due = (interval: number) =>
      this.iteration === iterations || (interval > 0 && this.iteration % interval === 0);
    yield {
      type: "start",
      iteration: this.iteration,
      iterations,
      parameters: this.step.parameterCount,
      tokensPerIteration: batchSize * accumulationSteps * Math.max(...lengths),
    };
    await using reader = disposableReader(inputs.batches);
    await using tuning = disposableTuning(inputs.tuning);
    const pipeline = new StepPipeline(this.step, this.options, reader.value);
    const begin = performance.now();
    const tunes = () =>
      tuning.value !== undefined && (performance.now() - begin) / 1000 > TUNE_AFTER_SECONDS;
    const goesOn = () => !inputs.signal?.aborted && !tunes();
    const gaveUp = () => patience > 0 && this.#worse >= patience;
    const profiled = inputs.profile ? this.iteration + PROFILE_AFTER : Infinity;
    while (this.iteration < iterations && !gaveUp() && !inputs.signal?.aborted) {
      if (this.iteration === profiled) {
        const { group, spans } = await pipeline.profile(this.iteration);
        yield* this.#told(group);
        yield { type: "profile", iteration: this.iteration, spans };
      } else {
        const until = Math.min(this.#nextPause(), this.iteration < profiled ? profiled : Infinity);
        for await (const group of pipeline.run(this.iteration, until, goesOn)) {
          yield* this.#told(group);
        }
      }
      if (tunes() && (yield* this.#tune(tuning.value!))) tuning.value = undefined;
      let measured: Measured | undefined;
      if (evaluate && evalInterval > 0 && due(evalInterval)) {
        measured = await evaluate(this.evaluator);
        yield { type: "evaluation", iteration: this.iteration, ...measured };
      }
      const best = measured !== undefined && isBetter(measured, this.#best);
      if (best) [this.#best, this.#worse] = [measured, 0];
      else if (measured) this.#worse++;
      if (inputs.sample && sampleInterval > 0 && due(sampleInterval)) {
        yield { type: "sample", iteration: this.iteration, text: await inputs.sample() };
      }
      if (inputs.folder && (best || due(saveInterval) || inputs.signal?.aborted)) {
        yield await this.#save(inputs.folder, measured);
      }
    }
    const interrupted = this.iteration < iterations && !gaveUp();
    yield {
      ...{ type: "end", iteration: this.iteration, interrupted },
      ...(this.iteration < iterations && !interrupted && { early: true }),
    };
  }

  /** GPU memory of model and trainer, the only ones on their device, by kind. */
  get memory(): TrainingMemory {
    const { gradients, moments, passes, half } = this.step;
    // Those over the longest rows, whose memory the others share.
    const [{ bytes: activations }] = passes.values();
    const kinds = {
      weights: this.model.parameters.bytes + (half?.bytes ?? 0),
      gradients: gradients.bytes,
      moments: moments.m.bytes + moments.v.bytes,
      activations,
    };
    const total = this.model.device.allocatedBytes;
    const scratch = Object.values(kinds).reduce((rest, bytes) => rest - bytes, total);
    return { ...kinds, scratch, total };
  }

  /**
   * Records its passes with the variants that the device now chooses.
   *
   * @throws {ShaderError} if a variant does not compile
   */
  async record(): Promise<void> {
    await this.step.record();
    await this.evaluator.record();
  }

  /** Lets the tuner try one variant, or takes over what it has chosen. */
  async *#tune(tuning: AsyncGenerator<TuneEvent>): AsyncGenerator<TrainEvent, boolean> {
    for (;;) {
      const { done, value } = await tuning.next();
      if (done) break;
      yield { type: "tuning", iteration: this.iteration, tuning: value };
      if (value.type === "trying") return false;
    }
    await this.record();
    return true;
  }

  /** The next iteration that something else happens after. */
  #nextPause(): number {
    const { iterations, evalInterval, saveInterval, sampleInterval } = this.options;
    const next = (interval: number) =>
      interval > 0 ? this.iteration - this.iteration % interval + interval : iterations;
    return Math.min(iterations, ...[evalInterval, saveInterval, sampleInterval].map(next));
  }

  /** An event for each iteration of a group. */
  *#told({ results, learningRates, tokens, seconds, waitedMs }: StepGroup): Generator<StepEvent> {
    for (const [i, { skipped = false, ...result }] of results.entries()) {
      this.iteration++;
      this.#skipped.total += skipped ? 1 : 0;
      this.#skipped.now = skipped ? this.#skipped.now + 1 : 0;
      this.#assertFinite(result);
      yield {
        type: "step",
        iteration: this.iteration,
        ...result,
        learningRate: learningRates[i],
        tokensPerSecond: tokens / seconds,
        dataWait: Math.min(1, waitedMs / 1000 / seconds),
        ...(this.step.half && { skippedSteps: this.#skipped.total }),
      };
    }
  }

  #assertFinite({ loss, gradientNorm }: { loss: number; gradientNorm: number }): void {
    const { now } = this.#skipped;
    const isLeftOut = now > 0 && now <= MOST_SKIPPED;
    if (Number.isFinite(loss) && (Number.isFinite(gradientNorm) || isLeftOut)) return;
    const [what, value] = Number.isFinite(loss) ? ["gradient norm", gradientNorm] : ["loss", loss];
    const good = this.#lastCheckpoint
      ? `the last good checkpoint is ${this.#lastCheckpoint}`
      : "there is no checkpoint yet";
    throw new Error(
      `The ${what} became ${value} at iteration ${this.iteration}; ${good}. Go on with a lower learning rate or more clipping.`,
    );
  }

  async #save(run: string, measured?: Measured): Promise<CheckpointEvent> {
    const { iteration, model, step } = this;
    const folder = checkpointFolder(run, iteration);
    const state = {
      iteration,
      ...measured,
      ...(this.#best && { bestValidationLoss: this.#best.validationLoss }),
      ...(this.#best?.score !== undefined && { bestScore: this.#best.score }),
      ...(this.#worse > 0 && { worse: this.#worse }),
      ...(step.half && { lossScale: { ...await step.half.read(), skipped: this.#skipped.total } }),
    };
    const fill = async (temporary: string) => {
      await model.save(temporary);
      const moments = Object.entries(step.moments).flatMap(([kind, set]) => {
        const read = set.reader();
        return [...set.tensors].map(([name, { shape }]) => ({
          name: `${kind}.${name}`,
          shape,
          read: () => read(name),
        }));
      });
      await writeSafetensors(`${temporary}/optimizer.safetensors`, moments);
      await Deno.writeTextFile(`${temporary}/trainer.json`, JSON.stringify(state) + "\n");
    };
    await writeFolder(folder, fill, { replace: true });
    this.#lastCheckpoint = folder;
    await pruneCheckpoints(run, this.options.keepCheckpoints);
    return { type: "checkpoint", iteration, folder, ...measured };
  }

  /** Frees the trainer's memory; the model keeps its own. */
  [Symbol.dispose](): void {
    this.evaluator[Symbol.dispose]();
    this.step[Symbol.dispose]();
  }
}

/** Whether an evaluation is better than the best so far: by score, or by loss where that says nothing. */
function isBetter(one: Measured, best: Measured | undefined): boolean {
  if (best === undefined) return true;
  if (one.score === undefined || best.score === undefined || one.score === best.score) {
    return one.validationLoss < best.validationLoss;
  }
  return one.score > best.score;
}

function disposableReader(stream: ReadableStream<AnyBatch>) {
  const value = stream.getReader();
  // A stream that failed refuses to be cancelled; whoever read it has the error.
  return { value, [Symbol.asyncDispose]: () => value.cancel().catch(() => {}) };
}

function disposableTuning(value: AsyncGenerator<TuneEvent> | undefined) {
  // What it holds for its trials is freed also where training ends first.
  return { value, [Symbol.asyncDispose]: async () => void await value?.return(undefined) };
}
