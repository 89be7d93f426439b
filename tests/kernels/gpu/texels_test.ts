import { assert, assertEquals, assertThrows } from "@std/assert";
import { Device, GpuError } from "../../../kernels/mod.ts";

Deno.test("Texels: hold what is copied to them, in whole rows and parts of one, and are counted", async () => {
  using device = await Device.open();
  for (const size of [4, 4 * 4095, 4 * 4096, 4 * 4097, 4 * 4096 * 3]) {
    const before = device.allocatedBytes;
    using from = device.tensor("from", [size]);
    using to = device.tensor("to", [size]);
    from.write(Float32Array.from({ length: size }, (_, i) => i));
    const texels = device.texels("texels", [size]);
    const rows = Math.ceil(size / 4 / 4096);
    assertEquals(device.allocatedBytes - before, 2 * 4 * size + rows * 4096 * 16);
    texels.copyFrom(from);
    texels.copyTo(to);
    assert((await to.read()).every((value, i) => value === i), `${size} elements`);
    texels[Symbol.dispose]();
    assertEquals(device.allocatedBytes - before, 2 * 4 * size);
  }
});

Deno.test("Texels: what does not fit is refused by name", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [8]);
  using texels = device.texels("w", [2, 2]);
  assertThrows(
    () => device.texels("w", [3, 3]),
    RangeError,
    "Cannot put w [3,3] into a texture: 4 must divide its 9 elements",
  );
  const most = device.gpu.limits.maxTextureDimension2D;
  assertThrows(
    () => device.texels("w", [most + 1, 4 * 4096]),
    GpuError,
    `Cannot put w [${most + 1},16384] into a texture: it needs ${
      most + 1
    } rows of 4096 vectors, this adapter allows ${most}`,
  );
  assertThrows(
    () => texels.copyFrom(x),
    RangeError,
    "Cannot copy x [8] to w [2,2]: sizes must match",
  );
});
