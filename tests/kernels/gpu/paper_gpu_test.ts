import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Device, fill, GpuError, matmul } from "../../../kernels/mod.ts";

Deno.test("Device.planning: counts what would be allocated, and holds nothing", async () => {
  using device = await Device.open();
  using plan = device.planning();
  const bytes = [];
  for (const each of [device, plan]) {
    using a = each.tensor("a", [256, 256]);
    using y = each.tensor("y", [256, 256]);
    using _ = await each.record("square", (pass) => {
      matmul(pass, { a, b: a, y }, { layout: "NN" });
      pass.scratch([1000]);
    });
    bytes.push(each.allocatedBytes);
  }
  assertEquals(bytes[1], bytes[0]);
  assertEquals([device.allocatedBytes, plan.allocatedBytes], [0, 0]);
});

Deno.test("Device.planning: the device's limits hold, and nothing can be computed", async () => {
  using device = await Device.open({ maxBindingBytes: 1024 });
  using plan = device.planning();
  using x = plan.tensor("x", [16, 32]);
  using y = plan.tensor("y", [16, 16]);
  await assertRejects(
    () => plan.record("square", (pass) => matmul(pass, { a: x, b: x, y }, { layout: "NT" })),
    RangeError,
    "2048 bytes are over this adapter's 1024 a binding; use a smaller batch or model",
  );
  using row = x.view(0, [32]);
  using recording = await plan.record("fill", (pass) => fill(pass, { x: row }, { value: 1 }));
  assertThrows(() => recording.run(), GpuError, "only plans");
});
