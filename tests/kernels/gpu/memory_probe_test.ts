import { assert, assertEquals } from "@std/assert";
import { Device, probeMemory } from "../../../kernels/mod.ts";

Deno.test("probeMemory: whole pieces, at least one, and all of them are free again", async () => {
  const bytes = await probeMemory();
  assert(bytes > 0 && bytes % 2 ** 20 === 0);
  assertEquals(await probeMemory() > 0, true);
  using device = await Device.open();
  using _ = device.tensor("after", [2 ** 20]);
  await device.check();
});
