import { assert, assertEquals } from "@std/assert";
import { Device, fill } from "../../../kernels/mod.ts";
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
