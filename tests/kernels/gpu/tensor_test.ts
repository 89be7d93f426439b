import { assertEquals, assertThrows } from "@std/assert";
import { assertShapes, Device, sizeOf } from "../../../kernels/mod.ts";

Deno.test("Tensor: starts as zeros; a view shares its elements", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [4, 32]);
  assertEquals((await x.read()).every((value) => value === 0), true);
  const row = x.view(64, [32], "third row");
  row.write(new Float32Array(32).fill(2));
  const all = await x.read();
  assertEquals([all[63], all[64], all[95], all[96]], [0, 2, 2, 0]);
  assertEquals([row.label, row.bytes, row.offsetBytes], ["third row", 128, 256]);
});

Deno.test("Tensor: 32-bit whole numbers come back as they went in", async () => {
  using device = await Device.open();
  using ids = device.tensor("ids", [3], "u32");
  using targets = device.tensor("targets", [3], "i32");
  ids.write(Uint32Array.of(0, 1, 2 ** 32 - 1));
  targets.write(Int32Array.of(-1, 0, 2 ** 31 - 1));
  assertEquals(await ids.read(), Uint32Array.of(0, 1, 2 ** 32 - 1));
  assertEquals(await targets.read(), Int32Array.of(-1, 0, 2 ** 31 - 1));
});

Deno.test("Tensor: writes and views that do not fit are refused", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [2, 3]);
  assertThrows(
    () => x.write(new Float32Array(5)),
    RangeError,
    "Cannot write 5 elements to x [2,3]: it has 6",
  );
  assertThrows(
    () => x.view(4, [3]),
    RangeError,
    "Cannot view x [2,3] from 4 as [3]: it has 6 elements",
  );
});

Deno.test("assertShapes: names the tensor, the wanted and the given shape", async () => {
  using device = await Device.open();
  using gain = device.tensor("gain", [4]);
  assertShapes("layernorm", { gain, bias: undefined }, { gain: [4], bias: [4] });
  assertThrows(
    () => assertShapes("layernorm", { gain }, { gain: [8] }),
    RangeError,
    "Cannot run layernorm: gain must be [8], got [4]",
  );
  assertEquals([sizeOf([]), sizeOf([2, 3]), sizeOf([5, 0])], [1, 6, 0]);
});
