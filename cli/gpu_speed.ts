/** Speed of the GPU as training meets it, for `quern doctor`. */
import { copy, type Device, matmul, type Pass } from "../kernels/mod.ts";

/** What {@linkcode measureSpeed} found. */
export interface GpuSpeed {
  /** Matrix product of [512, 512] by [512, 512] in 10⁹ float32 operations a second. */
  matmulGflops: number;
  /** Bytes read and written by a copy, in 10⁹ a second. */
  copyGigabytesPerSecond: number;
}

/** Time of a measurement in milliseconds: long beside the 10 ms that waiting for the GPU costs. */
const MEASURE_MS = 300;

/** Measures matrix products and copies, in about a second. */
export async function measureSpeed(device: Device): Promise<GpuSpeed> {
  return {
    matmulGflops: await measureMatmul(device, 512),
    copyGigabytesPerSecond: await measureCopy(device, 1 << 22),
  };
}

async function measureMatmul(device: Device, n: number): Promise<number> {
  using a = device.tensor("a", [n, n]);
  using b = device.tensor("b", [n, n]);
  using y = device.tensor("y", [n, n]);
  const perSecond = await runsPerSecond(
    device,
    (pass) => matmul(pass, { a, b, y }, { layout: "NN" }),
  );
  return 2 * n ** 3 * perSecond / 1e9;
}

async function measureCopy(device: Device, n: number): Promise<number> {
  using x = device.tensor("x", [n]);
  using y = device.tensor("y", [n]);
  const perSecond = await runsPerSecond(device, (pass) => copy(pass, { x, y }));
  return 2 * x.bytes * perSecond / 1e9;
}

/** Runs a recording in ever larger groups until a group takes long enough to be timed. */
async function runsPerSecond(device: Device, write: (pass: Pass) => void): Promise<number> {
  using recording = await device.record("doctor", write);
  for (let count = 1;;) {
    const start = performance.now();
    for (let i = 0; i < count; i++) recording.run();
    await device.gpu.queue.onSubmittedWorkDone();
    const ms = performance.now() - start;
    await device.check();
    if (ms >= MEASURE_MS || count >= 1 << 16) return count / (ms / 1000);
    count *= Math.min(16, Math.max(2, Math.ceil(1.2 * MEASURE_MS / ms)));
  }
}
