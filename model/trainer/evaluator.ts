import type { Batch } from "../../data/mod.ts";
import { accumulateSum, fill, type Recording, type Tensor } from "../../kernels/mod.ts";
import {
  type Activations,
  createActivations,
  createHead,
  type Gpt,
  gptForward,
  type Head,
  headForward,
} from "../gpt/mod.ts";
import { sumOf, targetWeights, writeBatch } from "./batch.ts";

/** Batches whose losses wait on the GPU until they are read. */
const RING = 64;

/** What a forward pass over a batch needs on the GPU. */
export interface ForwardMemory {
  activations: Activations;
  head: Head;
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
  #memory: ForwardMemory;
  #losses: Tensor;
  #slot: Tensor;
  #recordings!: { clear: Recording; forward: Recording };

  private constructor(
    readonly model: Gpt,
    shape: { B: number; T: number },
    memory?: ForwardMemory,
  ) {
    const { device, config } = model;
    this.#memory = memory ?? {
      activations: this.#stack.use(
        createActivations(device, config, { ...shape, training: false }),
      ),
      head: this.#stack.use(createHead(device, config, shape)),
    };
    this.#losses = this.#stack.use(device.tensor("losses of batches", [RING]));
    this.#slot = this.#stack.use(device.tensor("slot", [1], "u32"));
  }

  /**
   * Allocates and records what measuring batches of B rows of T tokens needs.
   *
   * @param memory that of a training step of this shape, to be shared between its steps
   * @throws {GpuError} when out of GPU memory
   */
  static async create(
    model: Gpt,
    shape: { B: number; T: number },
    memory?: ForwardMemory,
  ): Promise<Evaluator> {
    const evaluator = new Evaluator(model, shape, memory);
    await evaluator.record();
    return evaluator;
  }

  /** Records the forward pass with the variants that the device now chooses. */
  async record(): Promise<void> {
    const { device, config, weights } = this.model;
    const { activations, head } = this.#memory;
    this.#recorded.dispose();
    this.#recorded = new DisposableStack();
    const record: typeof device.record = async (...args) =>
      this.#recorded.use(await device.record(...args));
    this.#recordings = {
      clear: await record("clear losses", (pass) => fill(pass, { x: this.#losses }, { value: 0 })),
      forward: await record("evaluation", (pass) => {
        gptForward(pass, config, weights, activations);
        headForward(pass, weights, head, activations);
        accumulateSum(pass, { x: head.losses, total: this.#losses, slot: this.#slot });
      }),
    };
  }

  /** Summed weighted cross-entropy of all targets, in nats, and their total weight. */
  async measure(batches: ReadableStream<Batch>): Promise<{ sum: number; weight: number }> {
    let [sum, weight, waiting] = [0, 0, 0];
    const collect = async () => {
      sum += sumOf((await this.#losses.read()).subarray(0, waiting));
      waiting = 0;
    };
    for await (const batch of batches) {
      if (waiting === 0) this.#recordings.clear.run();
      const weights = targetWeights(batch);
      weight += sumOf(weights);
      writeBatch(this.#memory, batch, weights);
      this.#slot.write(Uint32Array.of(waiting++));
      this.#recordings.forward.run();
      if (waiting === RING) await collect();
    }
    if (waiting > 0) await collect();
    return { sum, weight };
  }

  /** Frees what was allocated for it alone. */
  [Symbol.dispose](): void {
    this.#recorded.dispose();
    this.#stack.dispose();
  }
}
