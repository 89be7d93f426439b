import {
  accumulateSum,
  adamw,
  type Device,
  fill,
  gradientNorm,
  gradientNormPartialShape,
  type Recording,
  type Tensor,
  updateLossScale,
} from "../../kernels/mod.ts";
import { type Dropout, ParameterSet, SharedTensors, stretchesOf } from "../gpt/mod.ts";
import type { AnyBatch, Network, Passes } from "../network.ts";
import { batchTargets, sumOf, writeTargets } from "./batch.ts";
import { passesFor } from "./evaluator.ts";
import { HalfPrecision } from "./half_precision.ts";
import type { TrainOptions } from "./options.ts";
import { trainedParameters } from "./trained.ts";

/** Steps whose results wait on the GPU until they are read. */
export const RING = 64;

/** What the GPU tells of an iteration. */
export interface StepResult {
  /** Mean cross-entropy of the batch before the update, in nats a token. */
  loss: number;
  /** Global L2 norm of the gradient before clipping. */
  gradientNorm: number;
  /** Whether the update was left out, because the scaled gradient was not finite in f16. */
  skipped?: true;
}

/**
 * An iteration of training: zero the gradients; for each micro-batch the forward pass, the loss and
 * the same road back; clip; AdamW. All of it is recorded once; a step writes its batch and a few
 * numbers and submits.
 */
export class TrainingStep implements Disposable {
  readonly gradients: ParameterSet;
  /** AdamW's running means of the gradient and of its square. */
  readonly moments: { m: ParameterSet; v: ParameterSet };
  /** The passes by the tokens of a row; their memory is free between steps. */
  readonly passes: ReadonlyMap<number, Passes>;
  /** Where matrices and activations are f16. */
  readonly half?: HalfPrecision;
  #norm: Tensor;
  #normPartial: Tensor;
  #stack = new DisposableStack();
  #recorded = new DisposableStack();
  #recordings!: { begin: Recording; update: Recording };
  /** By the tokens of a row. */
  #accumulate = new Map<number, Recording>();
  #clock: Tensor;
  #schedule: Tensor;
  #slot: Tensor;
  #losses: Tensor;
  #norms: Tensor;
  /** Total weight of the targets of each iteration that waits to be read. */
  #totals: number[] = [];

  private constructor(readonly model: Network, readonly options: TrainOptions) {
    const { device, config, shapes } = model;
    const { batchSize: B, lengths = [options.context ?? config.context] } = options;
    const use = <T extends Disposable>(value: T) => this.#stack.use(value);
    const trained = trainedParameters(shapes, options);
    const set = (label: string) => use(ParameterSet.create(device, shapes, label, trained));
    this.gradients = set("gradients");
    this.moments = { m: set("first moments"), v: set("second moments") };
    const tensors = use(new SharedTensors(device));
    const { recompute, documentMask, restartPositions, labelSmoothing } = options;
    if (options.precision === "f16") this.half = use(new HalfPrecision(model));
    const matrices = this.half?.matrices;
    const kept = { recompute, matrices, documentMask, restartPositions, labelSmoothing };
    this.passes = new Map(
      lengths.toSorted((a, b) => b - a).map((T) => [
        T,
        model.passes(tensors, { B, T, training: true, ...kept }),
      ]),
    );
    this.#clock = use(device.tensor("clock", [2], "u32"));
    this.#schedule = use(device.tensor("schedule", [4]));
    this.#slot = use(device.tensor("slot", [1], "u32"));
    this.#losses = use(device.tensor("losses", [RING]));
    this.#norms = use(device.tensor("norms", [RING]));
    this.#norm = use(device.tensor("gradient norm", [2]));
    const all = this.gradients.arenas.map(({ tensor }) => tensor);
    this.#normPartial = use(
      device.tensor("gradient norm partials", gradientNormPartialShape(all)),
    );
  }

  /**
   * Allocates what a step needs and records it.
   *
   * @throws {GpuError} when out of GPU memory
   */
  static async create(model: Network, options: TrainOptions): Promise<TrainingStep> {
    const step = new TrainingStep(model, options);
    try {
      await step.record();
      return step;
    } catch (error) {
      step[Symbol.dispose]();
      throw error;
    }
  }

  /** Records the step with the variants that the device now chooses. */
  async record(): Promise<void> {
    const { device, config, parameters } = this.model;
    const { options, gradients, moments, half } = this;
    const clip = options.gradientClip;
    const slot = this.#slot;
    const stretches = stretchesOf(parameters, gradients);
    const { beta1, beta2, epsilon, weightDecay } = options;
    const adamwOptions = { beta1, beta2, epsilon, weightDecay };
    const drops = config.dropout > 0 || (config.lora?.dropout ?? 0) > 0;
    const dropout: Dropout | undefined = drops
      ? { rate: config.dropout, clock: this.#clock }
      : undefined;
    const all = gradients.arenas.map(({ tensor }) => tensor);
    const [norm, partial] = [this.#norm, this.#normPartial];
    this.#recorded.dispose();
    this.#recorded = new DisposableStack();
    const record = async (label: string, write: Parameters<Device["record"]>[1]) =>
      this.#recorded.use(await device.record(label, write));
    this.#recordings = {
      begin: await record("zero gradients", (pass) => {
        for (const x of all) fill(pass, { x }, { value: 0 });
        const [{ head }] = this.passes.values();
        half?.begin(pass, head.scale);
      }),
      update: await record("update", (pass) => {
        gradientNorm(pass, { gradients: all, partial, norm }, { clip: half ? 0 : clip });
        if (half) updateLossScale(pass, { state: half.state, norm }, { clip });
        accumulateSum(pass, { x: norm.view(0, [1]), total: this.#norms, slot });
        for (const { parameters, arena, start, decayed } of stretches) {
          const part = ({ arenas }: ParameterSet) =>
            arenas[arena].tensor.view(start, parameters.shape);
          adamw(pass, {
            parameters,
            gradients: part(gradients),
            m: part(moments.m),
            v: part(moments.v),
            norm,
            schedule: this.#schedule,
          }, { ...adamwOptions, decayed });
        }
      }),
    };
    for (const [T, { head, forwardBackward }] of this.passes) {
      const accumulate = await record("forward and backward", (pass) => {
        forwardBackward(pass, gradients, dropout);
        accumulateSum(pass, { x: head.losses, total: this.#losses, slot });
      });
      this.#accumulate.set(T, accumulate);
    }
  }

  /** Number of parameters that are trained. */
  get parameterCount(): number {
    return [...this.gradients.tensors.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Dispatches of an iteration with one micro-batch. */
  get dispatches(): number {
    const [accumulate] = this.#accumulate.values();
    const all = [...Object.values(this.#recordings), accumulate];
    return all.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Hands the GPU one iteration; its result waits until {@linkcode TrainingStep.read}.
   *
   * @param batches the micro-batches
   * @param iteration counted from 1
   */
  run(batches: readonly AnyBatch[], iteration: number, learningRate: number): void {
    const { beta1, beta2, seed } = this.options;
    const targets = batches.map((batch) => batchTargets(batch, this.model.config.head));
    const total = targets.reduce((sum, { weights }) => sum + sumOf(weights), 0);
    const passes = batches.map((batch) => passesFor(this.passes, batch));
    this.#slot.write(Uint32Array.of(this.#totals.length));
    this.#totals.push(total);
    passes[0].head.scale.write(Float32Array.of(total > 0 ? 1 / total : 0));
    this.#schedule.write(
      Float32Array.of(learningRate, 1 / (1 - beta1 ** iteration), 1 / (1 - beta2 ** iteration), 0),
    );
    this.#recordings.begin.run();
    batches.forEach((batch, i) => {
      this.#clock.write(Uint32Array.of(seed, (iteration - 1) * batches.length + i));
      passes[i].write(batch);
      writeTargets(passes[i].head, targets[i]);
      this.#accumulate.get(batch.T)!.run();
    });
    this.#recordings.update.run();
  }

  /**
   * Results of the iterations since the last call, in order. Waits until the GPU is idle; the next
   * iteration may be handed over before the promise is fulfilled.
   */
  async read(): Promise<StepResult[]> {
    const reading = this.model.device.read([this.#losses, this.#norms]);
    const totals = this.#totals;
    this.#totals = [];
    this.#losses.write(new Float32Array(RING));
    this.#norms.write(new Float32Array(RING));
    const [losses, norms] = (await reading).map((bytes) => new Float32Array(bytes));
    return totals.map((total, i) => ({
      loss: total > 0 ? losses[i] / total : 0,
      gradientNorm: norms[i],
      ...(this.half && !Number.isFinite(norms[i]) && { skipped: true }),
    }));
  }

  /** Frees gradients, moments and activations. */
  [Symbol.dispose](): void {
    this.#recorded.dispose();
    this.#stack.dispose();
  }
}
