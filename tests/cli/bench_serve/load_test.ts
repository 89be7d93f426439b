import { assert, assertEquals } from "@std/assert";
import { arrivalTimes, runLoad } from "../../../cli/bench_serve/load.ts";
import { firstTokens, gaps, isServed, percentile } from "../../../cli/bench_serve/report.ts";
import type { Target } from "../../../cli/bench_serve/request.ts";
import { type Behaviour, startFakeServer } from "./fake_server.ts";

const TARGET: Omit<Target, "base"> = { model: "m", chat: false, maxTokens: 8, temperature: 0.5 };

Deno.test("arrivalTimes: gaps of a Poisson process are exponential, a burst has none", () => {
  let seed = 1;
  const random = () => (seed = seed * 48271 % 2147483647) / 2147483647;
  const times = arrivalTimes(20_000, 50, random);
  const between = times.map((time, i) => time - (times[i - 1] ?? 0));
  const mean = times[times.length - 1] / times.length;
  const deviation = Math.sqrt(
    between.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / between.length,
  );
  assert(Math.abs(mean - 20) < 0.5, `a mean of ${mean} ms at 50 a second`);
  assert(Math.abs(deviation / mean - 1) < 0.05, "as wide as long on average");
  const longer = between.filter((gap) => gap > mean).length / between.length;
  assert(Math.abs(longer - Math.exp(-1)) < 0.02, `${longer} above the mean`);
  assertEquals(arrivalTimes(3, 0, random), [0, 0, 0]);
});

Deno.test("runLoad: times are those of the server, and tokens those of its usage", async () => {
  const behaviour: Behaviour = { firstTokenMs: 80, interTokenMs: 30, events: 5, tokensPerEvent: 3 };
  await using server = startFakeServer(() => behaviour);
  for (const chat of [false, true]) {
    const { measurements } = await runLoad(
      { base: `${server.url}/v1`, ...TARGET, chat, apiKey: "key" },
      () => "a b c",
      { arrivalsMs: [0, 0, 0, 0], timeoutMs: 10_000 },
    );
    const served = measurements.filter(isServed);
    assertEquals(served.length, 4);
    for (const { promptTokens, outputTokens, eventsMs } of served) {
      assertEquals([promptTokens, outputTokens, eventsMs.length], [8, 15, 5]);
    }
    const first = firstTokens(served);
    assert(first.every((ms) => ms >= 79 && ms < 1000), `first tokens after ${first}`);
    const sorted = gaps(served).sort((a, b) => a - b);
    assertEquals(sorted.length, 16);
    const median = percentile(sorted, 0.5);
    assert(median > 25 && median < 200, `a median of ${median} ms between events`);
    assert(served.every(({ sentMs, endedMs }) => endedMs - sentMs >= 80 + 4 * 29));
  }
  const [{ body, key }] = server.asked;
  const options = { model: "m", temperature: 0.5, stream: true };
  const usage = { stream_options: { include_usage: true } };
  assertEquals([body, key], [
    { ...options, ...usage, prompt: "a b c", max_tokens: 8 },
    "Bearer key",
  ]);
  const messages = [{ role: "user", content: "a b c" }];
  const chat = server.asked.find(({ path }) => path === "/v1/chat/completions")!;
  assertEquals(chat.body, { ...options, ...usage, messages, max_completion_tokens: 8 });
});

Deno.test("runLoad: no more requests are under way than allowed, and none is lost", async () => {
  await using server = startFakeServer(() => ({ firstTokenMs: 20 }));
  const load = (concurrency?: number) =>
    runLoad({ base: `${server.url}/v1`, ...TARGET }, (i) => `prompt ${i}`, {
      ...{ arrivalsMs: new Array(20).fill(0), concurrency, timeoutMs: 10_000 },
    });
  const bounded = await load(3);
  assertEquals([server.most, bounded.mostUnderWay], [3, 3]);
  const prompts = new Set(server.asked.map(({ body }) => body.prompt));
  assertEquals([prompts.size, bounded.measurements.filter(isServed).length], [20, 20]);
  assertEquals((await load()).mostUnderWay, 20);
});

Deno.test("runLoad: requests are sent when they arrive", async () => {
  await using server = startFakeServer(() => ({}));
  const arrivalsMs = [0, 60, 120, 300];
  const { measurements } = await runLoad({ base: `${server.url}/v1`, ...TARGET }, () => "a", {
    ...{ arrivalsMs, timeoutMs: 10_000 },
  });
  const sent = measurements.map(({ sentMs }) => sentMs - measurements[0].sentMs);
  assert(sent.every((ms, i) => ms > arrivalsMs[i] - 10 && ms < arrivalsMs[i] + 150), `${sent}`);
});

Deno.test("runLoad: each fault is a failure with its reason", async () => {
  const faults = ["429", "error event", "broken off", "no usage", "no JSON", "silent"] as const;
  await using server = startFakeServer((i) => ({ fault: faults[i] }));
  const measureAt = async (base: string) => {
    const { measurements } = await runLoad({ base, ...TARGET }, () => "a", {
      ...{ arrivalsMs: [0], timeoutMs: 500 },
    });
    return "failure" in measurements[0] ? measurements[0].failure : "served";
  };
  const reasons: string[] = [];
  for (const _ of faults) reasons.push(await measureAt(`${server.url}/v1`));
  assertEquals(reasons, [
    ...["HTTP 429", "error event: server_error", "broken off", "no usage told"],
    ...["an event that is no JSON", "timed out"],
  ]);
  assertEquals(await measureAt("http://127.0.0.1:1/v1"), "no connection");
});

Deno.test("runLoad: an abort breaks off what is under way and sends no more", async () => {
  await using server = startFakeServer(() => ({ fault: "silent" }));
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  const { measurements } = await runLoad({ base: `${server.url}/v1`, ...TARGET }, () => "a", {
    ...{ arrivalsMs: [0, 0, 0, 60_000], concurrency: 2, timeoutMs: 60_000 },
    signal: controller.signal,
  });
  assertEquals(measurements.map((each) => "failure" in each && each.failure), [
    ...["aborted", "aborted"],
  ]);
});
