import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { startEngine } from "../../serve/mod.ts";
import { chunksOf, Served, until, writeModel } from "./served.ts";

const LOSING = new URL("./engine/losing_worker.ts", import.meta.url);
const HANGING = new URL("./engine/hanging_worker.ts", import.meta.url);

/** Tells the Workers of tests that listen to it. */
function tell(name: "lose the GPU" | "hang the GPU"): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage("now");
  channel.close();
}

Deno.test("engine: a lost GPU ends what runs with an error, turns ready 503, and comes back (9, 43)", async () => {
  const told: string[] = [];
  await using served = await Served.start({
    engine: { worker: LOSING, restartDelayMs: 200, notify: (message) => told.push(message) },
  });
  const fields = { model: "tiny", prompt: "a", max_tokens: 250, ignore_eos: true };
  const before = await served.complete("a", { temperature: 0 });
  const steps = (await served.engine.stats()).steps;
  const stream = await served.post("/v1/completions", { ...fields, stream: true });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value!;
  const plain = served.post("/v1/completions", fields);
  await until(() => served.engine.pending === 2, "both are under way");
  tell("lose the GPU");
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    text += value;
  }
  const { error } = chunksOf(text).at(-1);
  assertEquals([error.type, error.param, error.code], ["server_error", null, null]);
  const answer = await plain;
  assertEquals([answer.status, (await answer.json()).error.type], [500, "server_error"]);
  assertEquals(served.engine.state, "lost");
  for (const path of ["/health", "/health/ready", "/v1/models/tiny"]) {
    const response = await fetch(served.url + path);
    assertEquals([response.status, (await response.json()).error.type], [
      503,
      "service_unavailable_error",
    ]);
    assert(Number(response.headers.get("retry-after")) >= 1);
  }
  const live = await fetch(`${served.url}/health/live`);
  assertEquals([live.status, await live.json()], [200, { status: "ok" }]);
  await until(
    async () => (await fetch(`${served.url}/health`)).status === 200,
    "ready again",
    20_000,
  );
  assertEquals(await served.complete("a", { temperature: 0 }), before);
  assertMatch(told[0], /^The GPU failed and is started anew in 0.2 s/);
  assert((await served.engine.stats()).steps >= steps);
  assertEquals(await served.metric("request_success_total", 'finished_reason="error"'), 2);
});

Deno.test("engine: each fault in a row waits twice as long", async () => {
  const told: string[] = [];
  await using served = await Served.start({
    engine: { worker: LOSING, restartDelayMs: 50, notify: (message) => told.push(message) },
  });
  for (const seconds of [0.05, 0.1, 0.2]) {
    await until(() => served.engine.state === "ready", "ready", 20_000);
    tell("lose the GPU");
    await until(() => served.engine.state === "lost", "lost");
    assertMatch(told.at(-1)!, new RegExp(`in ${seconds} s`));
  }
});

Deno.test("engine: a step that never ends is dealt with as a fault of the GPU is", async () => {
  const told: string[] = [];
  await using served = await Served.start({
    engine: {
      ...{ worker: HANGING, restartDelayMs: 50, stepTimeoutMs: 4000 },
      notify: (message) => told.push(message),
    },
  });
  const fields = { model: "tiny", prompt: "a", max_tokens: 20, temperature: 0 };
  const before = await served.complete("a", fields);
  tell("hang the GPU");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { error } = (await served.chunks("/v1/completions", fields)).at(-1);
  assertEquals(error.type, "server_error");
  assertMatch(told[0], /no step was done within 4 s/);
  await until(() => served.engine.state === "ready", "ready again", 20_000);
  assertEquals(await served.complete("a", fields), before);
});

Deno.test("engine: it is 503 while models load, then 200 (43)", async () => {
  await using served = await Served.start({ wait: false });
  assertEquals(served.engine.state, "loading");
  const response = await fetch(`${served.url}/health`);
  assertEquals([response.status, response.headers.get("retry-after")], [503, "2"]);
  await response.text();
  await served.refused("/v1/completions", { model: "tiny", prompt: "a" }, 503);
  assertEquals((await fetch(`${served.url}/health/live`)).status, 200);
  await served.engine.ready;
  assertEquals((await fetch(`${served.url}/health`)).status, 200);
});

Deno.test("engine: models that can't be loaded are told in a sentence", async () => {
  const folder = await Deno.makeTempDir();
  const fails = async (says: RegExp) => {
    await using engine = startEngine({
      ...{ models: [{ id: "a", folder }], cacheMemoryBytes: 1 << 20, maxBatch: 2 },
    });
    const error = await assertRejects(() => engine.ready, Error);
    assertMatch(error.message, says);
    assertEquals(engine.state, "closed");
  };
  try {
    await fails(/config\.json/);
    await writeModel(folder);
    const weights = await Deno.readFile(`${folder}/model.safetensors`);
    await Deno.writeFile(`${folder}/model.safetensors`, weights.subarray(0, weights.length - 4));
    await fails(/model\.safetensors/);
    await Deno.writeFile(`${folder}/model.safetensors`, weights);
    await writeModel(folder, { vocabularySize: 200 });
    await fails(/its tokenizer has 256 tokens and its model 200/);
    await writeModel(folder);
    await Deno.writeTextFile(`${folder}/tokenizer_config.json`, '{"chat_template":"{% if %}"}');
    await fails(/Cannot read the chat template/);
    await Deno.writeTextFile(`${folder}/tokenizer_config.json`, "{");
    await fails(/Cannot read the chat template: wanted JSON.*tokenizer_config\.json/);
    await Deno.remove(`${folder}/tokenizer_config.json`);
    await Deno.remove(`${folder}/tokenizer.json`);
    await fails(/tokenizer/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("engine: a client that leaves frees its place within a second (8)", async () => {
  await using served = await Served.start({ engine: { maxBatch: 2 } });
  const fields = { model: "tiny", prompt: "a", max_tokens: 255, ignore_eos: true };
  for (const stream of [true, false]) {
    const leaving = new AbortController();
    const response = served.post("/v1/completions", { ...fields, stream }, {
      signal: leaving.signal,
    });
    if (stream) await (await response).body!.getReader().read();
    else response.catch(() => {});
    await until(async () => await served.metric("num_requests_running") === 1, "running");
    leaving.abort();
    const started = performance.now();
    await until(() => served.log.at(-1)?.path === "/v1/completions", "told");
    assertEquals(served.log.at(-1)!.status, stream ? 200 : 499);
    assertEquals(served.log.at(-1)!.finish_reasons, ["abort"]);
    await until(async () => await served.metric("num_requests_running") === 0, "free", 1000);
    assert(performance.now() - started < 1000);
    assertEquals(served.engine.pending, 0);
  }
  const many = Array.from(
    { length: 200 },
    () =>
      served.post("/v1/completions", fields, { signal: AbortSignal.timeout(500) }).catch(() =>
        undefined
      ),
  );
  await Promise.all(many);
  const started = performance.now();
  await served.complete("a", { max_tokens: 2 });
  assert(performance.now() - started < 5000);
  await until(async () => await served.metric("num_requests_running") === 0, "all free");
  await until(async () => await served.metric("num_requests_waiting") === 0, "none waits");
});

Deno.test("engine: a full queue is 429 with the time to wait, and nothing taken in is lost (14)", async () => {
  await using served = await Served.start({ engine: { maxBatch: 2 }, limits: { queueLength: 2 } });
  const fields = { model: "tiny", prompt: "a", max_tokens: 60, ignore_eos: true };
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => served.post("/v1/completions", fields)),
  );
  const statuses = answers.map(({ status }) => status);
  assert(statuses.filter((status) => status === 200).length >= 4, `${statuses}`);
  assert(statuses.includes(429), `${statuses}`);
  for (const response of answers) {
    const body = await response.json();
    if (response.status === 200) assertEquals(body.usage.completion_tokens, 60);
    else {
      assertEquals([response.status, body.error.type], [429, "rate_limit_error"]);
      assert(Number(response.headers.get("retry-after")) >= 1);
    }
  }
  assertEquals((await served.post("/v1/completions", { ...fields, max_tokens: 1 })).status, 200);
});
