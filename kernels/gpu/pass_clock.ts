import type { Device } from "./device.ts";

/** Measures compute passes by the GPU's own clock; needs the feature `timestamp-query`. */
export class PassClock implements Disposable {
  #queries: GPUQuerySet;
  #resolved: GPUBuffer;

  /**
   * Allocates room.
   *
   * @param count passes to measure
   */
  constructor(private readonly device: Device, private readonly count: number) {
    const { gpu } = device;
    this.#queries = gpu.createQuerySet({ type: "timestamp", count: 2 * count });
    this.#resolved = gpu.createBuffer({ size: 16 * count, usage: 0x200 | 0x04 }); // QUERY_RESOLVE | COPY_SRC
  }

  /** Begins pass i. */
  begin(encoder: GPUCommandEncoder, i: number, label: string): GPUComputePassEncoder {
    return encoder.beginComputePass({
      label,
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: 2 * i,
        endOfPassWriteIndex: 2 * i + 1,
      },
    });
  }

  /** Submits the commands and gives the nanoseconds of each pass. Waits until the GPU is idle. */
  async submit(encoder: GPUCommandEncoder): Promise<number[]> {
    const { device, count } = this;
    using times = device.tensor("pass times", [4 * count], "u32");
    encoder.resolveQuerySet(this.#queries, 0, 2 * count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, times.buffer, 0, 16 * count);
    device.gpu.queue.submit([encoder.finish()]);
    const clock = new BigUint64Array((await device.read([times]))[0]);
    return Array.from({ length: count }, (_, i) => Number(clock[2 * i + 1] - clock[2 * i]));
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }
}
