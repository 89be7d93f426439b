import { assert, assertEquals, assertMatch } from "@std/assert";
import { Served, until } from "../served.ts";

Deno.test("metrics: valid exposition, sums of usage, counts of finished requests, gauges back to 0 (44, 45)", async () => {
  await using served = await Served.start();
  const fields = { model: "tiny", max_tokens: 20, ignore_eos: true };
  const usages = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const body = { ...fields, prompt: "a".repeat(i + 1), n: 1 + i % 2 };
    if (i % 3 > 0) return (await served.json("/v1/completions", body)).usage;
    const chunks = await served.chunks("/v1/completions", {
      ...body,
      stream_options: { include_usage: true },
    });
    return chunks.at(-1).usage;
  }));
  const sum = (key: string) => usages.reduce((total, usage) => total + usage[key], 0);
  assertEquals(await served.metric("prompt_tokens_total"), sum("prompt_tokens"));
  assertEquals(await served.metric("generation_tokens_total"), sum("completion_tokens"));
  const finished = await served.metric("request_success_total");
  assertEquals([finished, await served.metric("request_params_n_count")], [30, 20]);
  for (
    const name of [
      "time_to_first_token",
      "e2e_request_latency",
      "request_queue_time",
      "request_prefill_time",
      "request_decode_time",
      "request_inference_time",
    ]
  ) {
    assertEquals(await served.metric(`${name}_seconds_count`), finished, name);
  }
  assertEquals(await served.metric("request_prompt_tokens_count"), finished);
  assertEquals(await served.metric("request_generation_tokens_sum"), sum("completion_tokens"));
  assert(await served.metric("inter_token_latency_seconds_count") > 0);
  assertEquals(
    await served.metric("iteration_tokens_total_count"),
    await served.metric("n_decode_total"),
  );
  // A token of each answer is chosen with its prompt's last row.
  assert(
    await served.metric("iteration_tokens_total_sum") >=
      sum("completion_tokens") - finished,
  );
  const leaving = new AbortController();
  const stream = { ...fields, prompt: "a", max_tokens: 200, stream: true };
  await served.post("/v1/completions", stream, { signal: leaving.signal });
  leaving.abort();
  await until(
    async () => await served.metric("request_success_total", 'finished_reason="abort"') === 1,
    "labelled",
  );
  await served.refused("/v1/completions", { ...fields, prompt: 1 });
  assertEquals(await served.metric("http_requests_total", 'status="400"'), 1);
  await until(
    async () =>
      await served.metric("num_requests_running") + await served.metric("num_requests_waiting") ===
        0,
    "none",
  );

  const response = await fetch(`${served.url}/metrics`);
  assertMatch(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).trimEnd().split("\n");
  const types = new Map<string, string>();
  for (const line of lines) {
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (name) types.set(name, type);
    else if (!line.startsWith("# HELP ")) {
      const [, sample, value] = /^(quern:\w+)(?:\{[^}]*\})? (\S+)$/.exec(line)!;
      const base = sample.replace(/_(bucket|sum|count)$/, "");
      assert(types.has(sample) || types.get(base) === "histogram", line);
      assert(Number.isFinite(Number(value)), line);
    }
  }
  for (
    const name of [
      "num_requests_running",
      "num_requests_waiting",
      "kv_cache_usage_perc",
      "prefix_cache_queries",
      "prefix_cache_hits",
      "num_preemptions_total",
      "gpu_memory_bytes",
      "batch_fill_ratio",
    ]
  ) {
    assert(types.has(`quern:${name}`), name);
  }
});

Deno.test("metrics: 64 clients keep 32 places at least 0.9 full (46)", async () => {
  await using served = await Served.start();
  let left = 192;
  const client = async () => {
    while (left-- > 0) await served.complete("a", { max_tokens: 60, ignore_eos: true });
  };
  await Promise.all(Array.from({ length: 64 }, client));
  const { rows, steps, places } = await served.engine.stats();
  assert(rows / steps / places >= 0.9, `${rows / steps} of ${places}`);
});
