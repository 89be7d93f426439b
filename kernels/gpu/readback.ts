import type { Device } from "./device.ts";
import type { Tensor } from "./tensor.ts";

/** Memory that results are copied to and read from on the host, made once and used again and again. */
export class Readback implements Disposable {
  #used = 0;
  #buffer: GPUBuffer;

  /**
   * Allocates it.
   *
   * @param bytes room for what one {@linkcode read} gives
   */
  constructor(readonly device: Device, readonly bytes: number) {
    this.#buffer = device.gpu.createBuffer({
      label: "readback",
      size: bytes,
      usage: 0x01 | 0x08, // MAP_READ | COPY_DST
    });
  }

  /** Bytes left until the next {@linkcode read}. */
  get free(): number {
    return this.bytes - this.#used;
  }

  /**
   * Adds a copy of a tensor, or of its first elements, to commands that will be submitted.
   *
   * @returns where it will begin in what is read, in bytes
   */
  copy(encoder: GPUCommandEncoder, tensor: Tensor, elements: number = tensor.size): number {
    const at = this.#used;
    encoder.copyBufferToBuffer(tensor.buffer, tensor.offsetBytes, this.#buffer, at, 4 * elements);
    this.#used += 4 * elements;
    return at;
  }

  /** What was copied since the last time. The call waits until the GPU is idle, the promise a little longer. */
  async read(): Promise<ArrayBuffer> {
    const bytes = this.#used;
    this.#used = 0;
    await this.#buffer.mapAsync(1, 0, Math.max(4, bytes));
    const copy = this.#buffer.getMappedRange(0, Math.max(4, bytes)).slice(0, bytes);
    this.#buffer.unmap();
    return copy;
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    this.#buffer.destroy();
  }
}
