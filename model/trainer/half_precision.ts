import { copy, type Pass, scaleLoss, type Tensor } from "../../kernels/mod.ts";
import { ParameterSet, stretchesOf } from "../gpt/mod.ts";
import type { Network } from "../network.ts";

/** The loss scale as a checkpoint keeps it. */
export interface LossScale {
  /** What the loss's gradient is multiplied by: a power of two. */
  scale: number;
  /** Steps since it last changed. */
  steps: number;
}

const FIRST: LossScale = { scale: 2 ** 16, steps: 0 };

/**
 * What a step in half precision has beside the model: its matrices rounded to f16, and the loss scale.
 *
 * Source: Micikevicius et al. 2018, "Mixed Precision Training".
 */
export class HalfPrecision implements Disposable {
  /** The model's matrices in f16. */
  readonly matrices: ParameterSet;
  /** [2]: the loss scale, and the steps since it last changed. */
  readonly state: Tensor;

  /**
   * Allocates it.
   *
   * @throws {GpuError} if the device has no f16, naming the features that it has
   */
  constructor(private readonly model: Network) {
    const { device, shapes } = model;
    const matrices = shapes.filter(({ shape }) => shape.length > 1);
    this.matrices = ParameterSet.create(device, matrices, "half weights", undefined, "f16");
    this.state = device.tensor("loss scale", [2]);
    this.restore(FIRST);
  }

  /** Writes down what begins a step: rounds the matrices and scales the loss's factor. */
  begin(pass: Pass, scale: Tensor): void {
    for (
      const { parameters: x, arena, start } of stretchesOf(this.model.parameters, this.matrices)
    ) {
      copy(pass, { x, y: this.matrices.arenas[arena].tensor.view(start, x.shape) });
    }
    scaleLoss(pass, { state: this.state, scale });
  }

  /** Takes the loss scale of a checkpoint. */
  restore({ scale, steps }: LossScale): void {
    this.state.write(Float32Array.of(scale, steps));
  }

  /** The loss scale after the steps so far. */
  async read(): Promise<LossScale> {
    const [scale, steps] = await this.state.read();
    return { scale, steps };
  }

  /** Bytes of GPU memory. */
  get bytes(): number {
    return this.matrices.bytes;
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    this.matrices[Symbol.dispose]();
    this.state[Symbol.dispose]();
  }
}
