import { assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { chooseSizes } from "../../../model/generation/batch_sizes.ts";
import { tinyModel } from "../tiny.ts";

/** Bytes of a block of TINY: two layers of keys and values, 16 tokens of 16 channels. */
const BLOCK = 2 * 2 * 16 * 16 * 4;

Deno.test("chooseSizes: as much cache as the batch needs or as is given, and a scrap block", async () => {
  using device = await Device.open();
  using tiny = tinyModel(device, { context: 40 });
  const textures = false;
  const sizes = { textures, rows: 256 };
  assertEquals(await chooseSizes(tiny, { textures }), { ...sizes, slots: 32, blocks: 97 });
  assertEquals(await chooseSizes(tiny, { textures, maxBatch: 5, maxRows: 3 }), {
    ...{ textures, rows: 8, slots: 5, blocks: 16 },
  });
  const cacheMemoryBytes = 7.5 * BLOCK;
  assertEquals((await chooseSizes(tiny, { textures, cacheMemoryBytes })).blocks, 8);
});

Deno.test("chooseSizes: what the adapter cannot bind is not asked for", async () => {
  using device = await Device.open({ maxBindingBytes: 2 ** 18 });
  using tiny = tinyModel(device, { context: 40, vocabularySize: 4096 });
  const given = { textures: false, cacheMemoryBytes: 2 ** 30, maxBatch: 8 };
  assertEquals((await chooseSizes(tiny, given)).blocks, 2 ** 18 / 4 / 16 / 16);
  await assertRejects(
    () => chooseSizes(tiny, { ...given, maxBatch: 9 }),
    RangeError,
    "Cannot generate: maxBatch must be a whole number of 1 to 8, got 9",
  );
  await assertRejects(
    () => chooseSizes(tiny, { ...given, maxRows: 5000 }),
    RangeError,
    "Cannot generate: maxRows must be a whole number of 1 to 4096, got 5000",
  );
});

Deno.test("chooseSizes: textures where heads have whole vectors and barriers are slow", async () => {
  using device = await Device.open();
  using vectors = tinyModel(device);
  using scalars = tinyModel(device, { channels: 12 });
  assertEquals((await chooseSizes(vectors, {})).textures, await device.barriersAreSlow());
  assertEquals((await chooseSizes(scalars, {})).textures, false);
});
