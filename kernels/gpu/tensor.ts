import type { Device } from "./device.ts";

/** Type of a tensor's elements; all are 4 bytes wide. */
export type DType = "f32" | "u32" | "i32";

/** Typed arrays that hold a tensor's elements on the host. */
export type TensorData =
  | Float32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>;

/**
 * A row-major array on the GPU: a range of a buffer with a shape.
 *
 * A tensor made by {@linkcode Device.tensor} owns its buffer and must be disposed of; a
 * {@linkcode Tensor.view} borrows it.
 */
export class Tensor implements Disposable {
  /** Names a range of a buffer; {@linkcode Device.tensor} makes a tensor with a buffer of its own. */
  constructor(
    readonly device: Device,
    /** Name in errors, such as `blocks.0.attention.weight`. */
    readonly label: string,
    readonly shape: readonly number[],
    readonly dtype: DType,
    readonly buffer: GPUBuffer,
    /** Where the tensor starts in its buffer, in bytes. */
    readonly offsetBytes = 0,
    private readonly owner = false,
  ) {}

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Size in bytes. */
  get bytes(): number {
    return this.size * 4;
  }

  /**
   * Elements `start` … `start + size` under another shape, without a copy.
   *
   * @param start first element. A view that is bound to a kernel must start at a multiple of 64
   * elements, the most that WebGPU asks of an offset.
   * @throws {RangeError} if the view reaches past the tensor
   */
  view(start: number, shape: readonly number[], label = this.label): Tensor {
    if (start < 0 || start + sizeOf(shape) > this.size) {
      throw new RangeError(
        `Cannot view ${this.label} [${this.shape}] from ${start} as [${shape}]: it has ${this.size} elements`,
      );
    }
    return new Tensor(
      this.device,
      label,
      shape,
      this.dtype,
      this.buffer,
      this.offsetBytes + 4 * start,
    );
  }

  /**
   * Copies host data to the GPU, in order with the commands submitted before and after.
   *
   * @throws {RangeError} if `data` has another number of elements
   */
  write(data: TensorData): void {
    if (data.length !== this.size) {
      throw new RangeError(
        `Cannot write ${data.length} elements to ${this.label} [${this.shape}]: it has ${this.size}`,
      );
    }
    this.device.gpu.queue.writeBuffer(this.buffer, this.offsetBytes, data);
  }

  /** Copies the elements to the host. Waits until the GPU is idle. */
  async read(): Promise<TensorData> {
    const [bytes] = await this.device.read([this]);
    if (this.dtype === "f32") return new Float32Array(bytes);
    return this.dtype === "u32" ? new Uint32Array(bytes) : new Int32Array(bytes);
  }

  /** Frees the GPU memory, if this tensor owns it. */
  [Symbol.dispose](): void {
    if (this.owner) this.device.release(this.buffer.size, this.buffer);
  }
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Checks the shapes of an op's tensors.
 *
 * @param op name of the op in the error
 * @param shapes the wanted shape of each tensor, by name; tensors that are absent are passed over
 * @throws {RangeError} naming the first tensor with another shape
 */
export function assertShapes(
  op: string,
  tensors: Record<string, Tensor | undefined>,
  shapes: Record<string, readonly number[]>,
): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const tensor = tensors[name];
    if (tensor && String(tensor.shape) !== String(shape)) {
      throw new RangeError(`Cannot run ${op}: ${name} must be [${shape}], got [${tensor.shape}]`);
    }
  }
}
