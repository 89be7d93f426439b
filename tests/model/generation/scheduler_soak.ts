import { assert, assertEquals } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { type GenerationRequest, Scheduler } from "../../../model/mod.ts";
import { random } from "../../kernels/contract.ts";
import { ask, model } from "./engine.ts";

Deno.test("Scheduler: 10,000 prompts that begin alike get the same answers with and without the prefix cache", async () => {
  using device = await Device.open();
  using tiny = model(device, { layers: 1 });
  const next = random(3);
  const of = <T>(values: T[]) => values[Math.floor(next() * values.length)];
  const stems = Array.from({ length: 4 }, () => Array.from({ length: 48 }, () => of([1, 2, 12])));
  const requests = Array.from({ length: 10_000 }, (): GenerationRequest => {
    // A stem that differs in one place, cut off anywhere.
    const ids = of(stems).slice(0, 1 + Math.floor(next() * 47));
    ids[Math.floor(next() * ids.length)] = of([1, 2, 12]);
    const cacheSalt = of(["", "1", "1,2"]);
    return { prompt: ids, maxTokens: 3, sampling: { temperature: 0 }, logprobs: 2, cacheSalt };
  });
  const answers = async (prefixCache: boolean) => {
    await using scheduler = await Scheduler.create(tiny, {
      prefixCache,
      cacheMemoryBytes: 2 ** 18,
    });
    const found = await Promise.all(requests.map((request) => ask(scheduler, request)));
    assertEquals(scheduler.stats().blocksUsed, 0);
    return { found, hits: scheduler.stats().prefixHits };
  };
  const [on, off] = [await answers(true), await answers(false)];
  assert(on.hits > 50_000, `${on.hits} tokens came from the cache`);
  assertEquals(off.hits, 0);
  on.found.forEach(({ tokens, logprobs }, i) => {
    assertEquals({ tokens, logprobs }, {
      tokens: off.found[i].tokens,
      logprobs: off.found[i].logprobs,
    });
  });
});

Deno.test("Scheduler: two minutes of requests, cancels and errors leave memory flat and nothing held", async () => {
  using device = await Device.open();
  using tiny = model(device);
  await using scheduler = await Scheduler.create(tiny, { maxBatch: 8, cacheMemoryBytes: 2 ** 16 });
  const next = random(9);
  const used = () => Deno.memoryUsage().heapUsed + device.allocatedBytes;
  let [ended, cancelled, first] = [0, 0, 0];
  const start = performance.now();
  const client = async () => {
    while (performance.now() - start < 120_000) {
      const prompt = Array.from(
        { length: 1 + Math.floor(next() * 50) },
        () => Math.floor(next() * 23),
      );
      const handle = scheduler.submit({ prompt, maxTokens: Math.floor(next() * 60) }, () => {
        if (next() < 0.05) handle.cancel();
      });
      const { reason } = await handle.done;
      ended++;
      if (reason === "cancelled") cancelled++;
      if (ended === 500) first = used();
    }
  };
  await Promise.all(Array.from({ length: 32 }, client));
  const { running, waiting, blocksUsed, preemptions } = scheduler.stats();
  assertEquals([running, waiting, blocksUsed], [0, 0, 0]);
  assert(
    ended > 1000 && cancelled > 100 && preemptions > 10,
    `${ended}, ${cancelled}, ${preemptions}`,
  );
  assert(used() < 1.3 * first, `${used()} bytes after ${first}`);
});
