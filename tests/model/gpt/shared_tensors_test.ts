import { assertEquals, assertThrows } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { SharedTensors } from "../../../model/gpt/shared_tensors.ts";

Deno.test("SharedTensors: a label has one memory, freed at the end", async () => {
  using device = await Device.open();
  {
    using tensors = new SharedTensors(device);
    using long = tensors.tensor("x", [4, 3]);
    const allocated = device.allocatedBytes;
    using short = tensors.tensor("x", [2, 3]);
    assertEquals(device.allocatedBytes, allocated);
    long.write(Float32Array.from({ length: 12 }, (_, i) => i));
    assertEquals([...await short.read()], [0, 1, 2, 3, 4, 5]);
    assertThrows(() => tensors.tensor("x", [5, 3]), RangeError, "Cannot view x");
  }
  assertEquals(device.allocatedBytes, 0);
});
