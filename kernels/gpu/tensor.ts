import type { Device } from "./device.ts";

/** Type of a tensor's elements: 4 bytes wide, or 2 in f16, which kernels compute with in f32. */
export type DType = "f32" | "f16" | "u32" | "i32";

/** Typed arrays that hold a tensor's elements on the host. */
export type TensorData =
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
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
    return this.size * widthOf(this.dtype);
  }

  /**
   * Elements `start` … `start + size` under another shape, without a copy.
   *
   * @param start first element. A view that is bound to a kernel must start at a multiple of 256 bytes,
   * the most that WebGPU asks of an offset: of 64 elements, or 128 in f16.
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
      this.offsetBytes + widthOf(this.dtype) * start,
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
    return new HOST_ARRAYS[this.dtype](bytes);
  }

  /** Frees the GPU memory, if this tensor owns it. */
  [Symbol.dispose](): void {
    if (this.owner) this.device.release(this.buffer.size, this.buffer);
  }
}

/** The typed array of a type's elements on the host. */
export const HOST_ARRAYS = {
  f32: Float32Array,
  f16: Float16Array,
  u32: Uint32Array,
  i32: Int32Array,
} as const;

/** Bytes of an element. */
export function widthOf(dtype: DType): number {
  return HOST_ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** Bytes in which WebGPU counts buffers and copies: a multiple of 4, and not 0. */
export function wholeWords(bytes: number): number {
  return Math.max(4, 4 * Math.ceil(bytes / 4));
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
