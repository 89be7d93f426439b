import { assertEquals } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { uniformRows } from "../../../kernels/gpu/mod.ts";

Deno.test("uniformRows: a power of two of rows that fit and may be bound one after another", async () => {
  using device = await Device.open();
  const of = (...shapes: [number, number][]) =>
    uniformRows(...shapes.map((shape) => device.tensor("x", shape)));
  const most = device.gpu.limits.maxUniformBufferBindingSize / 4;
  assertEquals(of([500, most / 128]), 128);
  assertEquals(of([500, most / 128], [500, most / 16]), 16);
  assertEquals(of([500, most]), 1);
  assertEquals(of([500, most + 4]), 0);
  assertEquals(of([500, 6]), 0);
  // 8 rows of 1,028 columns do not end at a multiple of 256 bytes; all rows at once need not.
  if (most === 16_384) assertEquals([of([500, 1028]), of([8, 1028])], [0, 8]);
});
