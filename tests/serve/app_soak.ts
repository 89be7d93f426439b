/** What takes minutes: memory and answers of a server under load with clients that leave (check 52). */
import { assert, assertEquals } from "@std/assert";
import { Served, until } from "./served.ts";

const MINUTES = 10;
const CLIENTS = 32;

Deno.test(`server: ${MINUTES} minutes of ${CLIENTS} clients who may leave: memory is flat, every answer right`, async () => {
  await using served = await Served.start({ models: { tiny: { tokenizer: "bpe" } } });
  const fields = { model: "tiny", temperature: 0, max_tokens: 60, ignore_eos: true };
  const prompts = Array.from(
    { length: 64 },
    (_, i) => `the secret of ${i} is ${i * 7919 % 10_007}`,
  );
  const expected = await Promise.all(prompts.map((prompt) => served.complete(prompt, fields)));
  const counts = { whole: 0, left: 0 };
  const memory: { rss: number; gpu: number }[] = [];
  const statuses = new Map<number, number>();
  const start = performance.now();
  const end = start + MINUTES * 60_000;
  const client = async () => {
    while (performance.now() < end) {
      const i = Math.floor(Math.random() * prompts.length);
      const stream = Math.random() < 0.5;
      const signal = Math.random() < 0.3
        ? AbortSignal.timeout(Math.floor(Math.random() * 500))
        : undefined;
      try {
        const body = { ...fields, prompt: prompts[i], stream };
        const response = await served.post("/v1/completions", body, { signal });
        const text = await response.text();
        assertEquals(response.status, 200, text);
        const answer = stream
          ? text.split("\n\n").filter((event) => event.startsWith("data: {"))
            .map((event) => JSON.parse(event.slice(6)).choices[0].text).join("")
          : JSON.parse(text).choices[0].text;
        assertEquals(answer, expected[i]);
        counts.whole++;
      } catch (error) {
        if (!signal?.aborted) throw error;
        counts.left++;
      }
    }
  };
  const watch = async () => {
    while (performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5000));
      for (const { status } of served.log.splice(0)) statuses.set(status, 1);
      const { gpuBytes } = await served.engine.stats();
      memory.push({ rss: Deno.memoryUsage().rss, gpu: gpuBytes });
    }
  };
  await Promise.all([watch(), ...Array.from({ length: CLIENTS }, client)]);
  await until(() => served.engine.pending === 0, "no one is under way");
  const { running, waiting, usedBlocks } = await served.engine.stats();
  assertEquals([running, waiting, usedBlocks], [0, 0, 0]);
  const told = await served.metric("request_success_total");
  const asked = counts.whole + counts.left + prompts.length;
  // Who leaves at once may never have been heard.
  assert(told <= asked && told >= asked - counts.left, `${told} of ${asked}`);
  assertEquals([...statuses.keys()].filter((status) => status !== 200 && status !== 499), []);
  const mean = (part: typeof memory, of: (each: { rss: number; gpu: number }) => number) =>
    part.reduce((sum, each) => sum + of(each), 0) / part.length;
  // The first fifth warms up: code is compiled and buffers grow to their size.
  const warm = memory.slice(Math.floor(memory.length / 5));
  const [early, late] = [warm.slice(0, warm.length >> 1), warm.slice(warm.length >> 1)];
  for (
    const [name, of] of [["RSS", ({ rss }) => rss], ["GPU", ({ gpu }) => gpu]] as [
      string,
      (each: { rss: number; gpu: number }) => number,
    ][]
  ) {
    const ratio = mean(late, of) / mean(early, of);
    console.log(
      `${name}: ${(mean(late, of) / 2 ** 20).toFixed(0)} MiB, ${(100 * (ratio - 1)).toFixed(1)} %`,
    );
    // Less is no leak: under pressure the system takes memory back that is not in use.
    assert(ratio <= 1.05, `${name} grew by ${ratio}`);
  }
  console.log(`${counts.whole} whole answers, ${counts.left} left`);
});
