/** Small measurements that tell what kind of adapter this is, by its own clock. */
import type { Device } from "./device.ts";
import { Pass, Recording } from "./recording.ts";
import { placeWgsl } from "./texels.ts";

/** Loads of a lane: so many that the start of a launch does not count beside them. */
const LOADS = 32_768;

/** Vectors that are loaded again and again, so that memory beyond the cache does not count. */
const VECTORS = 16;

const READS = (texture: boolean) => /* wgsl */ `
@group(0) @binding(0) var${texture ? " x: texture_2d<f32>" : "<storage, read> x: array<vec4f>"};
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
${texture ? placeWgsl : ""}
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = vec4f();
  for (var k = 0u; k < ${LOADS}u; k++) {
    let i = (k * 8u + id.x) % ${VECTORS}u;
    sum += ${texture ? "textureLoad(x, place(i), 0)" : "x[i]"};
  }
  y[id.x] = sum;
}
`;

/** How much faster loads must be for textures to be worth their memory. */
const WORTH = 1.25;

/**
 * Whether loads of vectors through a texture are much faster than through a storage buffer, and right;
 * false where the device has no clock.
 */
export async function texturesPay(device: Device): Promise<boolean> {
  if (!device.gpu.features.has("timestamp-query")) return false;
  using stack = new DisposableStack();
  const storage = stack.use(device.tensor("read from a buffer", [4 * VECTORS]));
  const texture = stack.use(device.texels("read from a texture", [4 * VECTORS]));
  storage.write(Float32Array.from({ length: storage.size }, (_, i) => i % 97 - 48));
  texture.copyFrom(storage);
  const sums = [texture, storage].map(() => stack.use(device.tensor("sums", [32])));
  const recordings = await Promise.all([texture, storage].map(async (x, i) => {
    const pass = new Pass(device);
    const shader = { label: "probe/reads", code: READS(x === texture) };
    pass.launch(shader, { x, y: sums[i] }, {}, { threads: 8 });
    return stack.use(await Recording.compile(device, "reads", pass));
  }));
  const [throughTexture, throughBuffer] = await fastest(device, recordings);
  const [a, b] = (await device.read(sums)).map((bytes) => new Float32Array(bytes));
  return throughBuffer > WORTH * throughTexture && a.every((sum, i) => sum === b[i]);
}

const BARRIERS = 2000;

const WAITS = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
var<workgroup> shared_word: u32;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var i = 0u; i < ${BARRIERS}u; i++) {
    if (lane == i % 64u) { shared_word = i; }
    workgroupBarrier();
  }
  y[lane] = shared_word;
}
`;

/** Longest time of a barrier, in nanoseconds, where sharing a workgroup's memory can pay. */
const SLOW_BARRIER_NS = 100;

/** Whether threads wait long for each other, as they do where a CPU plays them one after another. */
export async function barriersAreSlow(device: Device): Promise<boolean> {
  if (!device.gpu.features.has("timestamp-query")) return false;
  using y = device.tensor("barriers", [64], "u32");
  const pass = new Pass(device);
  pass.launch({ label: "probe/barriers", code: WAITS }, { y }, {}, { threads: 64 });
  using recording = await Recording.compile(device, "barriers", pass);
  const [ns] = await fastest(device, [recording]);
  return ns / BARRIERS > SLOW_BARRIER_NS;
}

/** Turns in which recordings are timed; the fastest counts, since other programs only slow them. */
const TURNS = 5;

/** Shortest time of each recording of one launch, in nanoseconds. */
async function fastest(device: Device, recordings: Recording[]): Promise<number[]> {
  for (const recording of recordings) recording.run(); // compiles
  const spans = await device.profile(() => {
    for (let turn = 0; turn < TURNS; turn++) for (const recording of recordings) recording.run();
  });
  const times = spans.map(({ startNs, endNs }) => endNs - startNs);
  return recordings.map((_, r) => Math.min(...times.filter((_, i) => i % recordings.length === r)));
}
