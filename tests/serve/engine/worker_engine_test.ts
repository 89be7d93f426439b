import { assert, assertEquals } from "@std/assert";
import { Served } from "../served.ts";

const GREEDY = { temperature: 0, max_tokens: 40, ignore_eos: true };

Deno.test("engine: 64 secrets at once, each answered as if it were alone and to no one else (3)", async () => {
  await using served = await Served.start({ models: { tiny: { tokenizer: "bpe" } } });
  const prompts = Array.from(
    { length: 64 },
    (_, i) => `the secret of ${i} is ${i * 7919 % 10_007}x`,
  );
  const alone: string[] = [];
  for (const prompt of prompts.slice(0, 16)) alone.push(await served.complete(prompt, GREEDY));
  const together = await Promise.all(prompts.map((prompt) => served.complete(prompt, GREEDY)));
  assertEquals(together.slice(0, 16), alone);
  for (const [i, text] of together.entries()) {
    prompts.forEach((_, j) => assert(j === i || !text.includes(`is ${j * 7919 % 10_007}x`)));
  }
  const leaving = prompts.map((prompt) =>
    served.post("/v1/completions", { model: "tiny", prompt, ...GREEDY }, {
      signal: AbortSignal.timeout(Math.random() * 300),
    }).then((response) => response.text()).catch(() => undefined)
  );
  await Promise.all(leaving);
  assertEquals(
    await Promise.all(prompts.slice(0, 16).map((prompt) => served.complete(prompt, GREEDY))),
    alone,
  );
});

Deno.test("engine: no one starves: one long among many short, and the reverse (49)", async () => {
  await using served = await Served.start({ engine: { maxBatch: 8 } });
  const ask = (max_tokens: number) =>
    served.complete("a", { max_tokens, ignore_eos: true, temperature: 0 });
  const order: string[] = [];
  const named = (name: string, tokens: number) => ask(tokens).then(() => order.push(name));
  await Promise.all([named("long", 250), ...Array.from({ length: 100 }, () => named("short", 4))]);
  assert(order.indexOf("long") > 8, "short ones pass a long one");
  assertEquals(order.length, 101);
  order.length = 0;
  const long = Array.from({ length: 15 }, () => named("long", 120));
  await Promise.all([...long, named("short", 2)]);
  // First in, first out: the short one waits for places, but not for all who were there before it.
  assert(order.indexOf("short") < 15, `${order}`);
});

Deno.test("engine: the prefix cache changes no answer, is used, and is salted by key (50)", async () => {
  const keys = [{ key: "sk-alice-123" }, { key: "sk-bob-12345" }];
  await using served = await Served.start({ keys, engine: { cacheMemoryBytes: 1 << 20 } });
  const ask = async (prompt: string, key: string) => {
    const body = { model: "tiny", prompt, temperature: 0, max_tokens: 6, ignore_eos: true };
    const response = await served.post("/v1/completions", body, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { choices, usage } = await response.json();
    return { text: choices[0].text, cached: usage.prompt_tokens_details.cached_tokens };
  };
  const [alice, bob] = keys.map(({ key }) => key);
  const shared = "b".repeat(64);
  const first = await ask(shared + "x", alice);
  assertEquals(first.cached, 0);
  const again = await ask(shared + "x", alice);
  assertEquals([again.text, again.cached], [first.text, 64]);
  const other = await ask(shared + "x", bob);
  assertEquals([other.text, other.cached], [first.text, 0], "a key does not see another's blocks");
  assertEquals((await ask("c" + shared, alice)).cached, 0);
  // Far more different prompts than the cache holds, then the same ones again, under pressure.
  const prompts = Array.from(
    { length: 300 },
    (_, i) => shared.slice(0, 16 * (i % 4)) + `prompt ${i % 150} `.repeat(4),
  );
  const cold = await Promise.all(prompts.slice(0, 150).map((prompt) => ask(prompt, alice)));
  const warm = await Promise.all(prompts.slice(0, 150).map((prompt) => ask(prompt, bob)));
  assertEquals(warm.map(({ text }) => text), cold.map(({ text }) => text));
  const stats = await served.engine.stats();
  assert(stats.prefixHits >= 64 && stats.prefixQueries > stats.prefixHits);
});

Deno.test("engine: with too few blocks answers wait or are read anew, never wrong (51)", async () => {
  // 2 · 2 layers · 32 channels · 4 bytes · 16 tokens a block: 20 blocks for 12 answers of up to 13 each.
  await using small = await Served.start({ engine: { cacheMemoryBytes: 20 * 8192, maxBatch: 12 } });
  await using large = await Served.start({ engine: { maxBatch: 12 } });
  const prompts = Array.from({ length: 24 }, (_, i) => `number ${i}: `);
  const fields = { temperature: 0, max_tokens: 190, ignore_eos: true };
  const ask = (served: Served) =>
    Promise.all(prompts.map((prompt) => served.complete(prompt, fields)));
  assertEquals(await ask(small), await ask(large));
  assert((await small.engine.stats()).preemptions > 0, "blocks must run out");
  assertEquals((await small.engine.stats()).usedBlocks, 0);
});
