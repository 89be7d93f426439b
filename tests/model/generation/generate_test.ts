import { assert, assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { generate, type GenerateOptions, type Gpt, Scheduler } from "../../../model/mod.ts";
import { ask, likeliest, model, plainLogits, prompt } from "./engine.ts";

const PROMPT = [3, 1, 4];

const write = (model: Gpt, options: GenerateOptions, prompt = PROMPT) =>
  Array.fromAsync(generate(model, prompt, options));

Deno.test("generate: at temperature 0 each token is the likeliest, also beyond the context", async () => {
  using device = await Device.open();
  using tiny = model(device, { context: 8 });
  const ids = [...PROMPT];
  // What the model sees: all, then from each full context on the last half.
  let start = 0;
  for await (const id of generate(tiny, PROMPT, { tokens: 15, temperature: 0 })) {
    if (ids.length - start === 8) start += 4;
    const logits = await plainLogits(tiny, ids.slice(start));
    assertEquals(id, likeliest(logits.at(-1)!));
    ids.push(id);
  }
  assertEquals(ids.length, PROMPT.length + 15);
});

Deno.test("generate: a prompt longer than the context is read from its last half context on", async () => {
  using device = await Device.open();
  using tiny = model(device, { context: 8 });
  const long = prompt(1, 30);
  const options = { tokens: 3, temperature: 0 };
  assertEquals(await write(tiny, options, long), await write(tiny, options, long.slice(-4)));
});

Deno.test("generate: writes what the scheduler answers, and a seed gives the same each time", async () => {
  using device = await Device.open();
  using tiny = model(device);
  const first = await write(tiny, { tokens: 20, seed: 5, topK: 9 });
  assertEquals(await write(tiny, { tokens: 20, seed: 5, topK: 9 }), first);
  assert(String(await write(tiny, { tokens: 20, seed: 6, topK: 9 })) !== String(first));
  await using scheduler = await Scheduler.create(tiny);
  const { tokens } = await ask(scheduler, {
    prompt: PROMPT,
    maxTokens: 20,
    sampling: { seed: 5, topK: 9 },
  });
  assertEquals(tokens, first);
  const stop = first[6];
  const cut = await write(tiny, { tokens: 20, seed: 5, topK: 9, stopTokens: [stop] });
  assertEquals(cut, first.slice(0, first.indexOf(stop)));
});

Deno.test("generate: the signal ends it; all its memory is freed", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await device.barriersAreSlow();
  const before = device.allocatedBytes;
  const abort = new AbortController();
  let count = 0;
  for await (const _ of generate(tiny, PROMPT, { tokens: 50, signal: abort.signal })) {
    if (++count === 3) abort.abort();
  }
  assertEquals([count, device.allocatedBytes], [3, before]);
  for await (const _ of generate(tiny, PROMPT, { tokens: 50 })) break;
  assertEquals(device.allocatedBytes, before);
});

Deno.test("generate: an empty prompt and ids outside the vocabulary are refused", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await assertRejects(() => write(tiny, {}, []), RangeError, "the prompt must have 1 to 63 tokens");
  await assertRejects(() => write(tiny, {}, [23]), RangeError, "token 23 of the prompt is outside");
  await assertRejects(() => write(tiny, { topP: 2 }), RangeError, "topP must be");
});
