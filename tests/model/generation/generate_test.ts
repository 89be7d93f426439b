import { assert, assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { generate, type GenerateOptions, type Gpt } from "../../../model/mod.ts";
import { createActivations, gptForward, outputForward } from "../../../model/gpt/mod.ts";
import { tinyModel } from "../tiny.ts";

const PROMPT = [3, 1, 4];

const write = (model: Gpt, options: GenerateOptions, prompt = PROMPT) =>
  Array.fromAsync(generate(model, prompt, options));

/** The likeliest token after `ids`, from all logits of one plain forward pass. */
async function likeliest(model: Gpt, ids: number[]): Promise<number> {
  const { device, config, weights } = model;
  const T = ids.length;
  using a = createActivations(device, config, { B: 1, T, training: false });
  using logits = device.tensor("logits", [T, config.vocabularySize]);
  using forward = await device.record("forward", (pass) => {
    gptForward(pass, config, weights, a);
    outputForward(pass, weights.head, { x: a.norm.y, logits });
  });
  a.tokens.write(Uint32Array.from(ids));
  forward.run();
  const last = (await logits.read()).subarray(-config.vocabularySize);
  return last.indexOf(Math.max(...last));
}

Deno.test("generate: at temperature 0 each token is the likeliest, also beyond the context", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  const ids = [...PROMPT];
  for await (const id of generate(model, PROMPT, { tokens: 12, temperature: 0 })) {
    assertEquals(id, await likeliest(model, ids.slice(-model.config.context)));
    ids.push(id);
  }
  assertEquals(ids.length, PROMPT.length + 12);
});

Deno.test("generate: a seed gives the same text each time", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  const first = await write(model, { tokens: 10, seed: 5 });
  assertEquals(await write(model, { tokens: 10, seed: 5 }), first);
  assert(String(await write(model, { tokens: 10, seed: 6 })) !== String(first));
});

Deno.test("generate: the signal ends it; all its memory is freed", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  const before = device.allocatedBytes;
  const abort = new AbortController();
  let count = 0;
  for await (const _ of generate(model, PROMPT, { tokens: 50, signal: abort.signal })) {
    if (++count === 3) abort.abort();
  }
  assertEquals([count, device.allocatedBytes], [3, before]);
});

Deno.test("generate: an empty prompt and ids outside the vocabulary are refused", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  await assertRejects(() => write(model, {}, []), RangeError, "at least one token");
  await assertRejects(() => write(model, {}, [23]), RangeError, "token 23 is outside");
  await assertRejects(() => write(model, { topP: 2 }), RangeError, "topP must be");
});
