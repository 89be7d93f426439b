import type { Device, DType, Tensor } from "../../kernels/mod.ts";

/** What makes tensors: a device, or {@linkcode SharedTensors}. */
export type TensorMaker = Pick<Device, "tensor" | "maxBindingBytes" | "allocatedBytes">;

/**
 * Tensors by their labels: the first of a label is made, later ones are views of its beginning. So
 * passes over rows of several lengths, of which one runs at a time, share the memory of the longest.
 */
export class SharedTensors implements TensorMaker, Disposable {
  /** Largest range that a kernel may bind, in bytes. */
  readonly maxBindingBytes: number;
  #tensors = new Map<string, Tensor>();

  constructor(private readonly device: Device) {
    this.maxBindingBytes = device.maxBindingBytes;
  }

  /** Bytes that the device has allocated in all. */
  get allocatedBytes(): number {
    return this.device.allocatedBytes;
  }

  /**
   * A tensor of a label; what is in it is undefined where it shares memory.
   *
   * @throws {RangeError} if the first of that label was smaller
   * @throws {GpuError} if the adapter allows no buffer of its size
   */
  tensor(label: string, shape: readonly number[], dtype: DType = "f32"): Tensor {
    const first = this.#tensors.get(label);
    if (first) return first.view(0, shape);
    const made = this.device.tensor(label, shape, dtype);
    this.#tensors.set(label, made);
    // Whoever asks may dispose of what it got; the memory is freed here, once for all.
    return made.view(0, shape);
  }

  /** Frees them all. */
  [Symbol.dispose](): void {
    for (const tensor of this.#tensors.values()) tensor[Symbol.dispose]();
  }
}
