import { accumulateSum, fill, type Recording, type Tensor } from "../../kernels/mod.ts";
import { type Head, SharedTensors } from "../gpt/mod.ts";
import type { AnyBatch, Network, Passes } from "../network.ts";
import { batchTargets, sumOf, writeTargets } from "./batch.ts";

/** Batches whose losses wait on the GPU until they are read. */
const RING = 64;

/** Shape of the batches that are measured. */
export interface EvaluatorShape {
  /** Rows of a batch. */
  B: number;
  /** Tokens of a row. */
  T: number;
  /** Tokens that the rows of a batch may have, where batches differ. @default T alone */
  lengths?: readonly number[];
}

/** What was computed of a batch. */
export interface BatchOutputs {
  /** Weighted cross-entropy of each row, in nats: [B·T], or [B] with a head over texts. */
  losses: Float32Array;
  /** Logits of a head over K classes: [B, K] over texts, [B·T, K] over tokens. */
  logits?: Float32Array;
}

/**
 * Measures a model's loss on batches, without dropout.
 *
 * @example
 * ```ts
 * import { byteTokenizer, Device, evaluationBatches, Evaluator, Gpt, PRESETS } from "@quern/quern";
 *
 * using device = await Device.open();
 * const config = { ...PRESETS.nano, layers: 1, context: 8, vocabularySize: 256, dropout: 0, bias: true, tie: true };
 * using model = Gpt.create(device, config, { seed: 1 });
 * using evaluator = await Evaluator.create(model, { B: 2, T: 8 });
 * const tokens = byteTokenizer().encode("To be, or not to be, that is the question.");
 * const { sum, weight } = await evaluator.measure(evaluationBatches(tokens, { batchSize: 2, context: 8 }));
 * console.log(sum / weight); // about ln 256 = 5.5
 * ```
 */
export class Evaluator implements Disposable {
  #stack = new DisposableStack();
  #recorded = new DisposableStack();
  #passes: ReadonlyMap<number, Passes>;
  #losses: Tensor;
  #slot: Tensor;
  #clear!: Recording;
  #forward = new Map<number, Recording>();

  private constructor(
    readonly model: Network,
    shape: EvaluatorShape,
    passes?: ReadonlyMap<number, Passes>,
  ) {
    const { device } = model;
    this.#passes = passes ?? this.#allocate(shape);
    this.#losses = this.#stack.use(device.tensor("losses of batches", [RING]));
    this.#slot = this.#stack.use(device.tensor("slot", [1], "u32"));
  }

  /**
   * Allocates and records what measuring batches of B rows needs.
   *
   * @param passes those of a training step, by the length of its rows, whose memory is free between steps
   * @throws {GpuError} when out of GPU memory
   */
  static async create(
    model: Network,
    shape: EvaluatorShape,
    passes?: ReadonlyMap<number, Passes>,
  ): Promise<Evaluator> {
    const evaluator = new Evaluator(model, shape, passes);
    await evaluator.record();
    return evaluator;
  }

  #allocate({ B, T, lengths = [T] }: EvaluatorShape): Map<number, Passes> {
    const tensors = this.#stack.use(new SharedTensors(this.model.device));
    return new Map(
      lengths.toSorted((a, b) => b - a).map((T) => [
        T,
        this.model.passes(tensors, { B, T, training: false }),
      ]),
    );
  }

  /** Records the forward pass with the variants that the device now chooses. */
  async record(): Promise<void> {
    const { device } = this.model;
    this.#recorded.dispose();
    this.#recorded = new DisposableStack();
    const record: typeof device.record = async (...args) =>
      this.#recorded.use(await device.record(...args));
    this.#clear = await record(
      "clear losses",
      (pass) => fill(pass, { x: this.#losses }, { value: 0 }),
    );
    for (const [T, { head, forward: writeForward }] of this.#passes) {
      const forward = await record("evaluation", (pass) => {
        writeForward(pass);
        accumulateSum(pass, { x: head.losses, total: this.#losses, slot: this.#slot });
      });
      this.#forward.set(T, forward);
    }
  }

  /**
   * Summed weighted cross-entropy of all targets, in nats, and their total weight.
   *
   * @param onBatch gets each batch and what was computed of it; each one waits for the GPU
   * @throws {RangeError} if a batch has rows of a length that was not asked for
   */
  async measure<T extends AnyBatch>(
    batches: ReadableStream<T>,
    onBatch?: (batch: T, outputs: BatchOutputs) => void,
  ): Promise<{ sum: number; weight: number }> {
    let [sum, weight, waiting] = [0, 0, 0];
    const collect = async () => {
      sum += sumOf((await this.#losses.read()).subarray(0, waiting));
      waiting = 0;
    };
    for await (const batch of batches) {
      if (waiting === 0) this.#clear.run();
      const passes = passesFor(this.#passes, batch);
      const targets = batchTargets(batch, this.model.config.head);
      weight += sumOf(targets.weights);
      passes.write(batch);
      writeTargets(passes.head, targets);
      this.#slot.write(Uint32Array.of(waiting++));
      this.#forward.get(batch.T)!.run();
      if (onBatch) onBatch(batch, await this.#outputs(passes.head));
      if (waiting === RING) await collect();
    }
    if (waiting > 0) await collect();
    return { sum, weight };
  }

  async #outputs({ losses, logits }: Head): Promise<BatchOutputs> {
    const { device, config: { head } } = this.model;
    const wanted = head ? [losses, logits] : [losses];
    const [first, second] = (await device.read(wanted)).map((bytes) => new Float32Array(bytes));
    return { losses: first, ...(second && { logits: second }) };
  }

  /** Frees what was allocated for it alone. */
  [Symbol.dispose](): void {
    this.#recorded.dispose();
    this.#stack.dispose();
  }
}

/** The passes over batches of a length. */
export function passesFor(all: ReadonlyMap<number, Passes>, { T }: AnyBatch): Passes {
  const passes = all.get(T);
  if (passes) return passes;
  throw new RangeError(
    `Cannot use a batch with rows of ${T} tokens: wanted ${[...all.keys()].join(", ")}`,
  );
}
