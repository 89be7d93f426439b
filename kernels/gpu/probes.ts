/** Small measurements that tell what kind of adapter this is, by its own clock. */
import type { Device } from "./device.ts";
import { Pass, Recording } from "./recording.ts";

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
