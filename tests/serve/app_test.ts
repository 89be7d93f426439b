import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Served } from "./served.ts";

const KEYS = [{ key: "sk-first-key", name: "alice" }, { key: "sk-second-key" }];

/** Checks that an answer is OpenAI's error body and tells nothing of the machine. */
async function assertError(response: Response, status: number): Promise<Record<string, string>> {
  const text = await response.text();
  assertEquals(response.status, status, text);
  assertMatch(response.headers.get("content-type")!, /^application\/json/);
  const { error, ...rest } = JSON.parse(text);
  assertEquals(rest, {});
  for (const key of ["message", "type", "param", "code"]) assert(Object.hasOwn(error, key), text);
  assert(!/file:|\/serve\/|\.ts\b|\bat \w+ \(/.test(text), text);
  return error;
}

Deno.test("app: broken bodies are 400, wrong types 415, large ones 413, each with all four keys (6, 13)", async (t) => {
  await using served = await Served.start();
  const paths = [
    "/v1/completions",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/tokenize",
    "/detokenize",
  ];
  for (const path of paths) {
    await t.step(path, async () => {
      const invalid = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d);
      for (
        const body of ["[]", "42", "null", '"x"', "{", "", "{}", '{"model":', '{"a":1}}', invalid]
      ) {
        const response = await fetch(served.url + path, {
          method: "POST",
          body,
          headers: { "content-type": "application/json" },
        });
        await assertError(response, 400);
      }
      const typed = (type: string) =>
        fetch(served.url + path, { method: "POST", body: "{}", headers: { "content-type": type } });
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"]) {
        await assertError(await typed(type), 415);
      }
      const none = await fetch(served.url + path, {
        method: "POST",
        body: new Uint8Array([123, 125]),
      });
      await assertError(none, 415);
      const large = JSON.stringify({ model: "tiny", prompt: "a".repeat(10_000_000) });
      await assertError(await served.post(path, large), 413);
      const chunked = await fetch(served.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: ReadableStream.from(Array(10).fill(new Uint8Array(1_000_000).fill(97))),
      });
      await assertError(chunked, 413);
    });
  }
});

Deno.test("app: bounds of n, ids, stops and the rest are 400 naming the field, quickly (11, 12, 20, 25, 28, 29, 30, 31)", async () => {
  await using served = await Served.start();
  const wrong: [Record<string, unknown>, string, RegExp][] = [
    ...[129, 1e6, 2 ** 53, 0, -1].map((n): [Record<string, unknown>, string, RegExp] => [
      { n },
      "n",
      /^n must be at (most|least) \d+, got/,
    ]),
    [{ n: 1.5 }, "n", /^n must be a whole number, got 1.5/],
    [{ n: "2" }, "n", /^n must be a number, got "2"/],
    [{ prompt: [-1] }, "prompt.0", /out of vocabulary.*0 to 255, got -1 .*256 tokens/],
    [{ prompt: [1, 256] }, "prompt.1", /out of vocabulary.*got 256/],
    [{ prompt: [2 ** 31] }, "prompt.0", /out of vocabulary.*got 2147483648/],
    [{ prompt: [1.5] }, "prompt.0", /got 1.5/],
    [{ prompt: [1, "x"] }, "prompt.1", /got "x"/],
    [{ prompt: ["x", 1] }, "prompt.1", /must be a string, got 1/],
    [{ prompt: [] }, "prompt", /must hold something/],
    [{ prompt: [[]] }, "prompt.0", /at least one token/],
    [{ prompt: { a: 1 } }, "prompt", /must be a string, an array/],
    [{ logit_bias: { "-1": 1, "256": 1, x: 1, "1": 1 } }, "logit_bias", /"256", "-1", "x"/],
    [{ logit_bias: { "1": 101 } }, "logit_bias.1", /-100 to 100, got 101/],
    [{ logit_bias: { "1": "x" } }, "logit_bias.1", /-100 to 100, got "x"/],
    [{ logit_bias: [] }, "logit_bias", /must be an object/],
    [{ stop: ["a", "b", "c", "d", "e"] }, "stop", /0 to 4 items/],
    [{ stop: "" }, "stop", /1 to 256 bytes.*got one of 0/],
    [{ stop: "é".repeat(129) }, "stop", /got one of 258/],
    [{ stop: Array(250_000).fill("a") }, "stop", /0 to 4 items/],
    [{ logprobs: 6 }, "logprobs", /at most 5, got 6/],
    [{ logprobs: -1 }, "logprobs", /at least 0/],
    [{ logprobs: true }, "logprobs", /must be a number/],
    [{ best_of: 21 }, "best_of", /at most 20/],
    [{ best_of: 1, n: 2 }, "best_of", /at least n, which is 2; got 1/],
    [{ best_of: 2, stream: true }, "best_of", /can't be streamed/],
    [{ temperature: 2.1 }, "temperature", /at most 2, got 2.1/],
    [{ temperature: -1 }, "temperature", /at least 0/],
    [{ temperature: "NaN" }, "temperature", /must be a number, got "NaN"/],
    [{ top_p: 1.1 }, "top_p", /at most 1/],
    [{ presence_penalty: 2.1 }, "presence_penalty", /at most 2/],
    [{ frequency_penalty: -2.1 }, "frequency_penalty", /at least -2/],
    [{ max_tokens: -1 }, "max_tokens", /at least 0/],
    [{ stream_options: { include_usage: true } }, "stream_options", /only with stream/],
    [{ stream_options: { include_usage: null } }, "stream_options", /only with stream/],
    [{ suffix: "x" }, "suffix", /not supported/],
    [{ seed: 1.5 }, "seed", /whole number/],
    [{ foo: 1 }, "foo", /Unrecognized request argument supplied: "foo"/],
    [{ __proto__x: 1, tools: [{}] }, "__proto__x", /Unrecognized/],
    [{ prompt: Array(257).fill("a") }, "prompt", /at most 256 items, got 257/],
    [{ prompt: Array(200).fill("a"), n: 2 }, "n", /more than 256 answers/],
  ];
  for (const [fields, param, message] of wrong) {
    const started = performance.now();
    const error = await served.refused("/v1/completions", {
      model: "tiny",
      prompt: "a",
      ...fields,
    });
    const ms = performance.now() - started;
    assertEquals(error.param, param, error.message);
    assertMatch(error.message, message);
    assert(error.message.length < 1000);
    assert(ms < 250, `${JSON.stringify(fields).slice(0, 80)} took ${ms} ms`);
  }
  const infinite = '{"model":"tiny","prompt":"a","temperature":1e999}';
  assertEquals((await served.refused("/v1/completions", infinite)).param, "temperature");
  const own = '{"model":"tiny","prompt":"a","__proto__":{"n":1}}';
  assertStringIncludes((await served.refused("/v1/completions", own)).message, "__proto__");
});

Deno.test("app: every route but health and the static page asks for a key (5)", async (t) => {
  await using served = await Served.start({ keys: KEYS });
  const document = await (await fetch(`${served.url}/openapi.json`, {
    headers: { authorization: "Bearer sk-first-key" },
  })).json();
  const routes = Object.entries(document.paths as Record<string, object>)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method, path]))
    .concat([["get", "/openapi.json"]]);
  assert(routes.length >= 11, `${routes.length} routes`);
  for (const [method, path] of routes) {
    await t.step(`${method} ${path}`, async () => {
      const url = served.url + path.replace("{model}", "tiny");
      const ask = (headers: Record<string, string>) =>
        fetch(url, { method, headers, body: method === "post" ? "{}" : undefined });
      const isPublic = path.startsWith("/health");
      for (
        const authorization of [
          undefined,
          "Bearer sk-wrong-key",
          "Bearer",
          "Basic abc",
          "sk-first-key",
        ]
      ) {
        const response = await ask(authorization === undefined ? {} : { authorization });
        if (isPublic) {
          assertEquals(response.status, 200);
          await response.text();
        } else {
          const error = await assertError(response, 401);
          assertEquals(error.code, "invalid_api_key");
          assertMatch(response.headers.get("www-authenticate")!, /^Bearer/);
        }
      }
      const response = await ask({ authorization: "Bearer sk-second-key" });
      assert(response.status !== 401);
      await response.text();
    });
  }
  await t.step(
    "also with a slash at the end, another case, OPTIONS and unknown paths",
    async () => {
      for (
        const [method, path] of [
          ["GET", "/v1/models/"],
          ["GET", "/V1/models"],
          ["OPTIONS", "/v1/models"],
          ["GET", "/nowhere"],
          ["GET", "/health/../v1/models"],
          ["GET", "//v1/models"],
        ]
      ) {
        await assertError(await fetch(served.url + path, { method }), 401);
      }
    },
  );
  await t.step("the log has the owner's name and no key", async () => {
    const headers = { authorization: "Bearer sk-first-key" };
    await (await fetch(`${served.url}/v1/models`, { headers })).text();
    assertEquals(served.log.at(-1)!.client, "alice");
    assert(!JSON.stringify(served.log).includes("sk-"));
  });
});

Deno.test("app: unknown paths are 404, wrong methods 405 with Allow (33)", async () => {
  await using served = await Served.start();
  for (
    const path of [
      "/nowhere",
      "/v1",
      "/v1/completions/",
      "/v1/chat",
      "/.env",
      "/v1/models/../../etc",
    ]
  ) {
    await assertError(await fetch(served.url + path), 404);
  }
  for (
    const [method, path, allow] of [
      ["GET", "/v1/completions", "POST"],
      ["DELETE", "/v1/models", "GET"],
      ["PUT", "/v1/embeddings", "POST"],
      ["POST", "/health", "GET"],
      ["OPTIONS", "/v1/models", "GET"],
    ]
  ) {
    const response = await fetch(served.url + path, {
      method,
      headers: { "content-type": "application/json" },
    });
    assertEquals(response.headers.get("allow"), allow);
    await assertError(response, 405);
  }
  assertEquals((await fetch(`${served.url}/health`, { method: "HEAD" })).status, 200);
});

Deno.test("app: x-request-id is on every answer, the client's own if it is harmless (34)", async () => {
  await using served = await Served.start();
  const idOf = async (id?: string, path = "/v1/models") => {
    const response = await fetch(served.url + path, {
      headers: id === undefined ? {} : { "x-request-id": id },
    });
    await response.text();
    return response.headers.get("x-request-id")!;
  };
  assertMatch(await idOf(), /^[\da-f-]{36}$/);
  assertEquals(await idOf("my-id_1"), "my-id_1");
  for (const id of ["a%0d%0ab", "a b", "x".repeat(256), "ä"]) {
    assertMatch(await idOf(id), /^[\da-f-]{36}$/);
  }
  assertMatch(await idOf(undefined, "/nowhere"), /^[\da-f-]{36}$/);
});

Deno.test("app: openai-processing-ms is near what a client measures (35)", async () => {
  await using served = await Served.start();
  const fields = { model: "tiny", prompt: "a", max_tokens: 200, ignore_eos: true };
  await served.json("/v1/completions", fields);
  const started = performance.now();
  const response = await served.post("/v1/completions", fields);
  await response.text();
  const measured = performance.now() - started;
  const told = Number(response.headers.get("openai-processing-ms"));
  assert(told <= measured + 1 && told >= 0.8 * measured - 5, `${told} of ${measured} ms`);
});

Deno.test("app: CORS is closed, a bare OPTIONS is no exception, other hosts are refused without keys (53)", async () => {
  await using served = await Served.start();
  const origin = "https://evil.example";
  const preflight = await fetch(`${served.url}/v1/completions`, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  assertEquals([...preflight.headers.keys()].filter((name) => name.startsWith("access-")), []);
  await assertError(preflight, 405);
  const plain = await served.app.request("/v1/models", { headers: { origin } });
  assertEquals(plain.headers.get("access-control-allow-origin"), null);
  for (
    const host of ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "[::2]"]
  ) {
    await assertError(await served.app.request("/v1/models", { headers: { host } }), 403);
  }
  for (const host of ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]:8000"]) {
    assertEquals((await served.app.request("/v1/models", { headers: { host } })).status, 200);
  }
});

Deno.test("app: an origin that is let in reads answers, and its preflight brings no data", async () => {
  const origin = "https://friend.example";
  await using served = await Served.start({ keys: KEYS, corsOrigins: [origin] });
  const ask = (from: string, init: RequestInit = {}) =>
    fetch(`${served.url}/v1/models`, { ...init, headers: { origin: from, ...init.headers } });
  const preflight = await ask(origin, {
    method: "OPTIONS",
    headers: { "access-control-request-method": "GET" },
  });
  assertEquals([preflight.status, await preflight.text()], [204, ""]);
  assertEquals(preflight.headers.get("access-control-allow-origin"), origin);
  assertEquals(preflight.headers.get("access-control-allow-credentials"), null);
  const read = await ask(origin, { headers: { authorization: "Bearer sk-first-key" } });
  assertEquals(read.headers.get("access-control-allow-origin"), origin);
  await read.text();
  const bare = await ask(origin, { method: "OPTIONS" });
  await assertError(bare, 401);
  const other = await ask("https://evil.example", {
    method: "OPTIONS",
    headers: { "access-control-request-method": "GET" },
  });
  await assertError(other, 401);
});

Deno.test("app: the log has one JSON line a request and nothing of its content (55)", async () => {
  await using served = await Served.start();
  const secret = "secret-of-the-prompt";
  await served.complete(secret, { max_tokens: 3 });
  await served.refused("/v1/completions", { model: "tiny", prompt: "a", n: secret });
  await served.refused("/v1/completions", { model: secret, prompt: "a" }, 404);
  await (await fetch(`${served.url}/a%0d%0a{"level":"error"}`)).text();
  await served.chunks("/v1/completions", { model: "tiny", prompt: secret, max_tokens: 3 });
  assertEquals(served.log.map(({ status }) => status), [200, 400, 404, 404, 200]);
  for (const record of served.log) {
    const line = JSON.stringify(record);
    assert(!line.includes("\n") && !line.includes("\r"));
    assert(!line.includes(secret), line);
  }
  const [first, , , , stream] = served.log;
  assertEquals([first.prompt_tokens, first.completion_tokens, first.model], [20, 3, "tiny"]);
  assertEquals([stream.stream, stream.finish_reasons], [true, ["length"]]);
});

Deno.test("app: a key's requests and tokens a minute are kept to, each key for itself", async () => {
  await using served = await Served.start({
    keys: KEYS,
    limits: { requestsPerMinute: 3, tokensPerMinute: 30 },
  });
  const ask = (key: string, max_tokens: number) =>
    served.post("/v1/completions", { model: "tiny", prompt: "a", max_tokens }, {
      headers: { authorization: `Bearer ${key}` },
    });
  for (let i = 0; i < 3; i++) {
    assertEquals((await (await ask("sk-first-key", 1)).json()).usage.total_tokens, 2);
  }
  const response = await ask("sk-first-key", 1);
  assert(Number(response.headers.get("retry-after")) >= 1);
  const error = await assertError(response, 429);
  assertEquals([error.type, error.code], ["rate_limit_error", "rate_limit_exceeded"]);
  assertEquals((await (await ask("sk-second-key", 40)).json()).usage.total_tokens, 41);
  assertMatch(
    (await assertError(await ask("sk-second-key", 1), 429)).message,
    /30 tokens a minute/,
  );
});
