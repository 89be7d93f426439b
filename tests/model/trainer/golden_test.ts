import { assertEquals, assertMatch } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import {
  checkTraining,
  GOLDEN,
  GOLDEN_ADAMW,
  GOLDEN_CONFIG,
} from "../../../model/trainer/golden.ts";

Deno.test("checkTraining: what PyTorch computed is what the package carries, and what this device computes", async () => {
  const url = new URL("../../golden/formula.json", import.meta.url);
  const { config, adamw, gradientNorm, losses } = JSON.parse(await Deno.readTextFile(url));
  assertEquals<unknown>([GOLDEN_CONFIG, GOLDEN_ADAMW], [config, adamw]);
  assertEquals<unknown>(GOLDEN, { gradientNorm, losses });
  using device = await Device.open();
  assertEquals(await checkTraining(device), []);
});

Deno.test("checkTraining: what differs is told by step", async () => {
  using device = await Device.open();
  const expected = GOLDEN.losses[3];
  GOLDEN.losses[3] += 1e-3;
  try {
    const differences = await checkTraining(device);
    assertEquals(differences.length, 1);
    assertMatch(differences[0], /^The loss of step 4 is 3\.447\d+, PyTorch's is 3\.4488/);
  } finally {
    GOLDEN.losses[3] = expected;
  }
});
