import { assertEquals } from "@std/assert";
import { Device, Readback } from "../../../kernels/mod.ts";

Deno.test("Readback: gives what was copied since the last time", async () => {
  using device = await Device.open();
  using words = device.tensor("words", [5], "u32");
  using reals = device.tensor("reals", [2]);
  words.write(Uint32Array.of(1, 2, 3, 4, 5));
  reals.write(Float32Array.of(0.5, -1));
  using readback = new Readback(device, 64);
  for (let round = 0; round < 2; round++) {
    const encoder = device.gpu.createCommandEncoder();
    const first = readback.copy(encoder, words, 3);
    const second = readback.copy(encoder, reals);
    assertEquals([first, second, readback.free], [0, 12, 44]);
    device.gpu.queue.submit([encoder.finish()]);
    const bytes = await readback.read();
    assertEquals(new Uint32Array(bytes, first, 3), Uint32Array.of(1, 2, 3));
    assertEquals(new Float32Array(bytes, second, 2), Float32Array.of(0.5, -1));
  }
});
