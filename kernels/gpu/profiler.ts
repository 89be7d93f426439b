import type { Device } from "./device.ts";
import { GpuError } from "./errors.ts";

/** What ran on the GPU from one moment to another, by its own clock. */
export interface Span {
  /** The kernel's name, or `copies into textures`. */
  label: string;
  /** The recording that it is part of. */
  recording: string;
  /** Its begin, in nanoseconds after that of the first span. */
  startNs: number;
  /** Its end. */
  endNs: number;
  /** Floating-point operations; 0 where the op does not count them. */
  operations: number;
  /** Bytes of the tensors that it binds, or of the copies. */
  bytes: number;
}

/** A launch that is timed. */
export interface TimedLaunch extends Pick<Span, "label" | "recording" | "operations" | "bytes"> {
  /** Bytes copied into textures right before it. */
  copiedBytes: number;
}

/** Timed launches that one set of queries holds: WebGPU allows 4,096 queries. */
const LAUNCHES_OF_SET = 2048;

/** Takes the time of launches, each in a compute pass of its own. */
export class Profiler implements Disposable {
  #sets: { queries: GPUQuerySet; resolved: GPUBuffer }[] = [];
  #launches: TimedLaunch[] = [];

  /** @throws {GpuError} if the device has no clock */
  constructor(private readonly device: Device) {
    if (device.gpu.features.has("timestamp-query")) return;
    throw new GpuError(
      `Cannot take the time of kernels: this adapter has no timestamp-query, only ${
        [...device.gpu.features].join(", ") || "no feature"
      }`,
    );
  }

  /** Where the pass of the next launch writes its times. */
  next(launch: TimedLaunch): GPUComputePassTimestampWrites {
    const at = this.#launches.push(launch) - 1;
    const place = 2 * (at % LAUNCHES_OF_SET);
    if (place === 0) {
      const { gpu } = this.device;
      this.#sets.push({
        queries: gpu.createQuerySet({ type: "timestamp", count: 2 * LAUNCHES_OF_SET }),
        resolved: gpu.createBuffer({ size: 16 * LAUNCHES_OF_SET, usage: 0x200 | 0x04 }), // QUERY_RESOLVE | COPY_SRC
      });
    }
    return {
      querySet: this.#sets.at(-1)!.queries,
      beginningOfPassWriteIndex: place,
      endOfPassWriteIndex: place + 1,
    };
  }

  /** What was timed, in order. Waits until the GPU is idle. */
  async read(): Promise<Span[]> {
    const { device } = this;
    using stack = new DisposableStack();
    const encoder = device.gpu.createCommandEncoder({ label: "profile" });
    const times = this.#sets.map(({ queries, resolved }, i) => {
      const count = Math.min(LAUNCHES_OF_SET, this.#launches.length - i * LAUNCHES_OF_SET);
      const tensor = stack.use(device.tensor("times", [4 * count], "u32"));
      encoder.resolveQuerySet(queries, 0, 2 * count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, tensor.buffer, 0, 16 * count);
      return tensor;
    });
    device.gpu.queue.submit([encoder.finish()]);
    const clock = (await device.read(times)).flatMap((bytes) => [...new BigUint64Array(bytes)]);
    const ns = clock.map((time) => Number(time - clock[0]));
    return this.#launches.flatMap((launch, i) =>
      spansOf(launch, ns.slice(2 * i, 2 * i + 2), ns[2 * i - 1])
    );
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    for (const { queries, resolved } of this.#sets) {
      queries.destroy();
      resolved.destroy();
    }
  }
}

/** The span of a launch, and before it that of its copies, which take the time since the last launch. */
function spansOf(
  { copiedBytes, ...launch }: TimedLaunch,
  [startNs, endNs]: number[],
  before: number | undefined,
): Span[] {
  const { recording } = launch;
  const span = { ...launch, startNs, endNs };
  if (copiedBytes === 0 || before === undefined) return [span];
  const label = "copies into textures";
  return [
    { label, recording, startNs: before, endNs: startNs, operations: 0, bytes: 2 * copiedBytes },
    span,
  ];
}
