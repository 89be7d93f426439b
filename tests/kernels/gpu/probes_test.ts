import { assert, assertEquals } from "@std/assert";
import { Device, fill } from "../../../kernels/mod.ts";
import { PassClock } from "../../../kernels/gpu/pass_clock.ts";
import { barriersAreSlow, texturesPay } from "../../../kernels/gpu/probes.ts";

Deno.test("probes: on a CPU barriers are slow; whether textures pay is told on any adapter", async () => {
  using device = await Device.open();
  const [textures, barriers] = [await texturesPay(device), await barriersAreSlow(device)];
  assertEquals(typeof textures, "boolean");
  if (/llvmpipe/.test(device.adapter.info.description)) assert(barriers);
  assertEquals(device.allocatedBytes, 0);
});

Deno.test("Device.record: has asked the probe before an op is written down", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [4]);
  using _ = await device.record("fill", (pass) => fill(pass, { x }, { value: 1 }));
  assertEquals(device.prefersTextures, await device.texturesPay());
});

Deno.test("PassClock: more work takes longer", async () => {
  using device = await Device.open();
  if (!device.gpu.features.has("timestamp-query")) return;
  using x = device.tensor("x", [1 << 22]);
  const parts = [x.view(0, [64]), x];
  const recordings = await Promise.all(
    parts.map((part) => device.record("fill", (pass) => fill(pass, { x: part }, { value: 1 }))),
  );
  for (const recording of recordings) recording.run();
  using clock = new PassClock(device, 2);
  const encoder = device.gpu.createCommandEncoder();
  recordings.forEach((recording, i) => {
    const pass = clock.begin(encoder, i, "fill");
    recording.encode(pass);
    pass.end();
  });
  const [short, long] = await clock.submit(encoder);
  assert(short > 0 && long > short, `${short} ns, ${long} ns`);
  for (const recording of recordings) recording[Symbol.dispose]();
});
