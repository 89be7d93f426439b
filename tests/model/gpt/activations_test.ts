import { assertEquals } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { createActivations } from "../../../model/gpt/mod.ts";
import { TINY } from "../tiny.ts";

Deno.test("createActivations: recomputing keeps one block and a residual stream of each other", async () => {
  using device = await Device.open();
  const bytes = (layers: number, recompute: boolean) => {
    using _ = createActivations(
      device,
      { ...TINY, layers },
      { B: 2, T: 8, training: true, recompute },
    );
    return device.allocatedBytes;
  };
  const stream = 4 * 2 * 8 * TINY.channels;
  assertEquals(bytes(1, true), bytes(1, false));
  assertEquals(bytes(9, true), bytes(1, true) + 8 * stream);
  assertEquals(bytes(9, false) - bytes(1, false), 8 * (bytes(2, false) - bytes(1, false)));
});
