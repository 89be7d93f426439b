/** Speed of the GPU as training meets it, for `quern doctor`. */
import { type Device, matmul, type Pass } from "../kernels/mod.ts";

/** What {@linkcode measureSpeed} found. */
export interface GpuSpeed {
  /** Fused multiply-adds in registers alone, in 10⁹ float32 operations a second: the peak of products. */
  fmaGflops: number;
  /** Matrix product of [512, 512] by [512, 512] in 10⁹ float32 operations a second. */
  matmulGflops: number;
  /** Bytes read and written by a copy, in 10⁹ a second. */
  copyGigabytesPerSecond: number;
}

/** Time of a measurement in milliseconds: long beside the 10 ms that waiting for the GPU costs. */
const MEASURE_MS = 300;

/** Measures multiply-adds, matrix products and copies, in about a second. */
export async function measureSpeed(device: Device): Promise<GpuSpeed> {
  return {
    fmaGflops: await measureFma(device),
    matmulGflops: await measureMatmul(device, 512),
    copyGigabytesPerSecond: await measureCopy(device, 1 << 26),
  };
}

/** Chains of multiply-adds of a thread that do not wait for each other; more of them spill on a CPU. */
const CHAINS = 8;
const TURNS = 1024;
const FMAS = 8;
const THREADS = 1 << 16;

const FMA = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = x[0].x;
  let added = x[0].y;
  ${chains((c) => `var s${c} = f32(id.x + ${c}u);`)}
  for (var turn = 0u; turn < ${TURNS}u; turn++) {
    ${
  Array.from({ length: FMAS }, () => chains((c) => `s${c} = fma(s${c}, factor, added);`)).join(
    "\n    ",
  )
}
  }
  let sum = ${chains((c) => `s${c}`, " + ")};
  // Never so, but that is not known before.
  if (sum == 0.5) { x[1] = vec4f(sum); }
}
`;

function chains(write: (chain: number) => string, between = " "): string {
  return Array.from({ length: CHAINS }, (_, c) => write(c)).join(between);
}

async function measureFma(device: Device): Promise<number> {
  using x = device.tensor("x", [8]);
  x.write(Float32Array.of(0.999, 0.001, 0, 0, 0, 0, 0, 0));
  const operations = 2 * CHAINS * FMAS * TURNS * THREADS;
  const shader = { label: "speed/fma", code: FMA };
  const write = (pass: Pass) => pass.launch(shader, { x }, {}, { threads: THREADS }, operations);
  return operations * await runsPerSecond(device, write) / 1e9;
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

/** A copy from buffer to buffer, as fast as the adapter moves memory. */
async function measureCopy(device: Device, bytes: number): Promise<number> {
  using x = device.tensor("x", [bytes / 4]);
  using y = device.tensor("y", [bytes / 4]);
  const perSecond = await timesPerSecond(device, () => {
    const encoder = device.gpu.createCommandEncoder({ label: "copy" });
    encoder.copyBufferToBuffer(x.buffer, 0, y.buffer, 0, bytes);
    device.gpu.queue.submit([encoder.finish()]);
  });
  return 2 * bytes * perSecond / 1e9;
}

async function runsPerSecond(device: Device, write: (pass: Pass) => void): Promise<number> {
  using recording = await device.record("speed", write);
  return await timesPerSecond(device, () => recording.run());
}

/** Works in ever larger groups until a group takes long enough to be timed. */
async function timesPerSecond(device: Device, work: () => void): Promise<number> {
  work(); // compiles, and touches the memory
  await device.gpu.queue.onSubmittedWorkDone();
  for (let count = 1;;) {
    const start = performance.now();
    for (let i = 0; i < count; i++) work();
    await device.gpu.queue.onSubmittedWorkDone();
    const ms = performance.now() - start;
    await device.check();
    if (ms >= MEASURE_MS || count >= 1 << 16) return count / (ms / 1000);
    count *= Math.min(16, Math.max(2, Math.ceil(1.2 * MEASURE_MS / ms)));
  }
}
