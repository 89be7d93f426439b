import { assert } from "@std/assert";
import { attentionBackward, attentionForward, Device } from "../../../kernels/mod.ts";

Deno.test("attention: at T = 1,024 it takes under an eighth of what scores of all pairs take", async () => {
  using device = await Device.open();
  using plan = device.planning();
  const [B, T, C, heads] = [2, 1024, 768, 12];
  const [qkv, dqkv] = ["qkv", "dqkv"].map((name) => plan.tensor(name, [B, T, 3 * C]));
  const [y, dy] = ["y", "dy"].map((name) => plan.tensor(name, [B, T, C]));
  const given = plan.allocatedBytes;
  const [lse, delta] = ["lse", "delta"].map((name) => plan.tensor(name, [B, heads, T]));
  using _ = await plan.record("attention", (pass) => {
    attentionForward(pass, { qkv, y, lse }, { heads });
    attentionBackward(pass, { qkv, y, lse, dy, dqkv, delta }, { heads });
  });
  // A plain one keeps the probabilities for the way back, and has their gradients there.
  const plain = 2 * 4 * B * heads * T * T;
  const taken = plan.allocatedBytes - given;
  assert(taken < plain / 8, `${taken} bytes beside queries, keys, values and results`);
});
