import { assert, assertEquals } from "@std/assert";
import { Served, until } from "../served.ts";

interface Bomb {
  name: string;
  path: string;
  body: string | Record<string, unknown>;
  status: number;
  /** @default 50 */
  ms?: number;
}

const model = "tiny";
const schemaBomb = (name: string, schema: unknown, ms = 200): Bomb => ({
  ...{ name, path: "/v1/chat/completions", status: 400, ms },
  body: {
    ...{ model, messages: [{ role: "user", content: "x" }], max_tokens: 1 },
    response_format: { type: "json_schema", json_schema: { name: "x", schema } },
  },
});
const complete = (name: string, fields: Record<string, unknown>, status = 400): Bomb => ({
  ...{
    name,
    path: "/v1/completions",
    status,
    body: { model, prompt: "a", max_tokens: 1, ...fields },
  },
});

const BOMBS: readonly Bomb[] = [
  ...[129, 1e6, 2 ** 53].map((n) => complete(`n of ${n}`, { n })),
  complete("best_of of 1e6", { best_of: 1e6 }),
  ...[-1, 256, 257, 2 ** 31, 1.5, "x"].flatMap((id) => [
    complete(`token ${id}`, { prompt: [1, id] }),
    complete(`a bias of ${id}`, { logit_bias: { [id]: 1 } }),
  ]),
  complete("200,000 stop texts", { stop: Array(200_000).fill("a") }),
  complete(
    "5,000 unknown fields",
    Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, i])),
  ),
  complete("100,000 biases", {
    logit_bias: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i, 1])),
  }),
  complete("a prompt of the context", { prompt: Array(256).fill(1) }),
  complete("a prompt of 200,000 ids", { prompt: Array(200_000).fill(1) }),
  complete("1 MB of one letter", { prompt: "a".repeat(1_000_000) }),
  complete("1 MB of spaces", { prompt: " ".repeat(1_000_000) }),
  complete("200,000 prompts", { prompt: Array(200_000).fill("a") }),
  {
    name: "10 MB",
    path: "/v1/completions",
    status: 413,
    body: { model, prompt: "a".repeat(10_000_000) },
  },
  {
    name: "a megabyte to tokenize",
    path: "/tokenize",
    status: 400,
    body: { prompt: "^".repeat(1_000_000) },
  },
  {
    name: "a million ids",
    path: "/detokenize",
    status: 400,
    body: { tokens: Array(250_000).fill(1) },
  },
  {
    name: "2,049 texts",
    path: "/v1/embeddings",
    status: 400,
    body: { model, input: Array(2049).fill("a") },
  },
  {
    ...{ name: "100,000 messages", path: "/v1/chat/completions", status: 400 },
    body: { model, messages: Array(100_000).fill({}) },
  },
  {
    ...{ name: "200,000 messages", path: "/v1/chat/completions", status: 413 },
    body: { model, messages: Array(200_000).fill({ role: "user", content: "x" }) },
  },
  ...["[", '{"a":', '[{"a":'].map((part) => ({
    ...{
      name: `100,000 ${part}`,
      path: "/v1/completions",
      status: 400,
      body: part.repeat(100_000),
    },
  })),
  schemaBomb("a schema with a pattern foo**", { type: "string", pattern: "foo**" }),
  schemaBomb("a schema with a pattern of 60,000 (", {
    type: "string",
    pattern: "(".repeat(60_000),
  }),
  schemaBomb("a schema with 200,000 values", {
    enum: Array.from({ length: 200_000 }, (_, i) => `v${i}`),
  }),
  schemaBomb("a schema that is its own", { $ref: "#" }),
  {
    ...{ name: "a schema 60,000 deep", path: "/v1/chat/completions", status: 400 },
    body:
      `{"model":"tiny","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":${
        '{"type":"array","items":'.repeat(60_000)
      }{}${"}".repeat(60_000)}}}}`,
  },
];

Deno.test("bad input: every bomb has its status in time, and 32 answers beside it keep their tokens (11, 16, 39)", async () => {
  await using served = await Served.start();
  const prompts = Array.from({ length: 32 }, (_, i) => `beside ${i}`);
  const fields = { temperature: 1, seed: 11, max_tokens: 230, ignore_eos: true };
  const besides = () => Promise.all(prompts.map((prompt) => served.complete(prompt, fields)));
  const expected = await besides();
  const slow: string[] = [];
  let beside = besides();
  for (const { name, path, body, status, ms = 50 } of BOMBS) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const times: number[] = [];
    // A busy machine may be slow for a while; the quickest of a few tries tells what the server takes.
    while (times.length < 3 || (times.length < 12 && Math.min(...times) > ms)) {
      if (served.engine.pending < 16) {
        assertEquals(await beside, expected, name);
        beside = besides();
        await until(() => served.engine.pending >= 32, "32 are under way");
      }
      const started = performance.now();
      const response = await served.post(path, text);
      times.push(performance.now() - started);
      assertEquals(response.status, status, `${name}: ${(await response.text()).slice(0, 300)}`);
    }
    if (Math.min(...times) > ms) slow.push(`${name}: ${times.map(Math.round)} ms`);
  }
  assertEquals(await beside, expected);
  assertEquals(slow, []);
});

/** Breaks a text in one of several ways. */
function broken(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  const end = at + Math.floor(random() * 8);
  const pieces = [
    "null",
    "-1",
    "1e999",
    "[]",
    "{}",
    '"x"',
    "true",
    "\u0000",
    "\\",
    '"',
    "}",
    ",",
    "9".repeat(30),
  ];
  const piece = pieces[Math.floor(random() * pieces.length)];
  return random() < 0.3 ? text.slice(0, at) : text.slice(0, at) + piece + text.slice(end);
}

Deno.test("bad input: of 1,000 broken bodies and 500 broken schemas none is a 500", async () => {
  await using served = await Served.start();
  let state = 1;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  const bodies: [string, unknown][] = [
    ["/v1/completions", {
      model,
      prompt: "Hi",
      max_tokens: 2,
      n: 2,
      logprobs: 1,
      stop: ["a"],
      logit_bias: { "5": 1 },
      stream: false,
    }],
    ["/v1/chat/completions", {
      model,
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      max_tokens: 2,
      logprobs: true,
      top_logprobs: 2,
    }],
    ["/v1/embeddings", { model, input: ["a", "b"], encoding_format: "base64" }],
    ["/tokenize", { prompt: "Hi" }],
    ["/detokenize", { tokens: [1, 2] }],
  ];
  const schema = {
    type: "object",
    properties: {
      a: { type: "string", pattern: "^[a-z]{1,3}$" },
      b: { type: "array", items: { enum: [1, "x"] }, minItems: 1, maxItems: 2 },
    },
    required: ["a"],
    additionalProperties: false,
  };
  const statuses = new Map<number, number>();
  const send = async (path: string, body: string) => {
    const response = await served.post(path, body);
    const text = await response.text();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    assert(response.status < 500, `${path} ${body}: ${text}`);
    if (response.status !== 200) assertEquals(Object.keys(JSON.parse(text)), ["error"]);
  };
  for (let i = 0; i < 1000; i++) {
    const [path, body] = bodies[i % bodies.length];
    await send(path, broken(JSON.stringify(body), random));
  }
  for (let i = 0; i < 500; i++) {
    const [head, tail] = JSON.stringify({
      ...{ model, messages: [{ role: "user", content: "x" }], max_tokens: 2 },
      response_format: { type: "json_schema", json_schema: { name: "x", schema: "SCHEMA" } },
    }).split('"SCHEMA"');
    await send("/v1/chat/completions", head + broken(JSON.stringify(schema), random) + tail);
  }
  assert((statuses.get(400) ?? 0) > 800, JSON.stringify([...statuses]));
  assertEquals(
    await served.complete("still here", { max_tokens: 1 }).then((text) => text.length > 0),
    true,
  );
});
