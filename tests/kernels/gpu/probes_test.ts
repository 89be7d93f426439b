import { assert, assertEquals } from "@std/assert";
import { Device, fill } from "../../../kernels/mod.ts";

Deno.test("Device.barriersAreSlow: on a CPU they are; measured once, and frees what it used", async () => {
  using device = await Device.open();
  const first = device.barriersAreSlow();
  assertEquals(device.barriersAreSlow(), first);
  if (/llvmpipe/.test(device.adapter.info.description)) assert(await first);
  assertEquals([typeof await first, device.allocatedBytes], ["boolean", 0]);
});

Deno.test("Device.record: has asked the probe before an op is written down", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [4]);
  using _ = await device.record("fill", (pass) => fill(pass, { x }, { value: 1 }));
  assertEquals(device.prefersTextures, await device.barriersAreSlow());
});
