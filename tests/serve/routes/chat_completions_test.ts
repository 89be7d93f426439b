import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readModelFolder } from "../../../serve/engine/model_folder.ts";
import { encodeChat } from "../../../serve/text/mod.ts";
import { Served, testTokenizer } from "../served.ts";

const PATH = "/v1/chat/completions";
const HELLO = [{ role: "user", content: "Hello" }];

Deno.test("chat completions: what the reference page's checks ask", async (t) => {
  await using served = await Served.start({
    models: { tiny: { tokenizer: "bpe" } },
    engine: { maxBatch: 100 }, // constrained answers take a wait for each token, together one
  });
  const tokenizer = await testTokenizer("bpe");
  const model = "tiny";
  const base = { model, messages: HELLO, max_completion_tokens: 24 };
  // deno-lint-ignore no-explicit-any
  const ask = (fields: Record<string, unknown> = {}): Promise<any> =>
    served.json(PATH, { ...base, ...fields });
  const stream = (fields: Record<string, unknown> = {}) =>
    served.chunks(PATH, { ...base, ...fields });
  const refused = (fields: Record<string, unknown>) => served.refused(PATH, { ...base, ...fields });

  await t.step(
    "a stream: the role first, one id, one reason a choice, [DONE] last (17)",
    async () => {
      const chunks = await stream({ n: 3, seed: 5 });
      assertEquals(
        new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size,
        1,
      );
      assert(
        chunks.every(({ object, choices }) =>
          object === "chat.completion.chunk" && choices.length === 1
        ),
      );
      const plain = await ask({ n: 3, seed: 5 });
      for (const index of [0, 1, 2]) {
        const parts = chunks.map(({ choices }) => choices[0]).filter((choice) =>
          choice.index === index
        );
        assertEquals(parts[0].delta, { role: "assistant", content: "", refusal: null });
        assertEquals(parts.at(-1).delta, {});
        const reasons = parts.map(({ finish_reason }) => finish_reason).filter((reason) =>
          reason !== null
        );
        assertEquals(reasons, [plain.choices[index].finish_reason]);
        const text = parts.map(({ delta }) => delta.content ?? "").join("");
        assertEquals(text, plain.choices[index].message.content);
      }
    },
  );

  await t.step("usage in a stream equals the plain one", async () => {
    const plain = await ask({ temperature: 0 });
    const chunks = await stream({ temperature: 0, stream_options: { include_usage: true } });
    const last = chunks.pop();
    assertEquals(last.choices, []);
    assertEquals(last.usage.total_tokens, plain.usage.total_tokens);
    assert(chunks.every(({ usage }) => usage === null));
  });

  await t.step("max_tokens is another name of max_completion_tokens (23)", async () => {
    const tokens = async (fields: Record<string, unknown>) =>
      (await served.json(PATH, { model, messages: HELLO, ignore_eos: true, ...fields })).usage
        .completion_tokens;
    assertEquals(await tokens({ max_tokens: 3 }), 3);
    assertEquals(await tokens({ max_completion_tokens: 4 }), 4);
    assertEquals(await tokens({ max_tokens: 5, max_completion_tokens: 5 }), 5);
    assertEquals((await refused({ max_tokens: 3, max_completion_tokens: 4 })).param, "max_tokens");
    const { usage, choices } = await served.json(PATH, {
      model,
      messages: HELLO,
      ignore_eos: true,
    });
    assertEquals([usage.total_tokens, choices[0].finish_reason], [256, "length"]);
  });

  await t.step("log-probabilities: lengths, bytes, and together the text (24)", async () => {
    for (const top_logprobs of [0, 5, 20]) {
      const { choices: [{ message, logprobs }] } = await ask({ logprobs: true, top_logprobs });
      for (const token of logprobs.content) {
        assertEquals(token.top_logprobs.length, top_logprobs);
        assert(token.logprob <= 0);
        assert(token.top_logprobs.every((other: { logprob: number }) => other.logprob <= 0));
      }
      const bytes = logprobs.content.flatMap((token: { bytes: number[] }) => token.bytes);
      assertEquals(new TextDecoder().decode(Uint8Array.from(bytes)), message.content);
    }
    const chunks = await stream({ logprobs: true, temperature: 0 });
    const bytes = chunks.flatMap(({ choices: [{ logprobs }] }) => logprobs?.content ?? []).flatMap((
      { bytes },
    ) => bytes);
    const text = chunks.map(({ choices: [{ delta }] }) => delta.content ?? "").join("");
    assertEquals(new TextDecoder().decode(Uint8Array.from(bytes)), text);
    assertEquals((await refused({ logprobs: true, top_logprobs: 21 })).param, "top_logprobs");
    assertEquals((await refused({ top_logprobs: 1 })).param, "top_logprobs");
    assertEquals((await refused({ logprobs: 1 })).param, "logprobs");
    assertEquals((await ask()).choices[0].logprobs, null);
  });

  await t.step("messages of wrong shapes are named by their path (41)", async () => {
    const wrong: [unknown, string][] = [
      [null, "messages"],
      ["Hello", "messages"],
      [[], "messages"],
      [[123], "messages.0"],
      [[{}], "messages.0.role"],
      [[{ role: 123, content: "x" }], "messages.0.role"],
      [[{ role: "boss", content: "x" }], "messages.0.role"],
      [[{ role: "user" }], "messages.0.content"],
      [[{ role: "user", content: 123 }], "messages.0.content"],
      [[{ role: "user", content: null }], "messages.0.content"],
      [[HELLO[0], { role: "user", content: [{ type: "text" }] }], "messages.1.content.0.text"],
      [[{ role: "user", content: [{ type: "input_audio" }] }], "messages.0.content.0.type"],
      [[{ role: "assistant", content: "x", tool_calls: [{}] }], "messages.0.tool_calls"],
      [[{ role: "tool", content: "x", tool_call_id: "1" }], "messages.0.role"],
      [[{ role: "user", content: "x", extra: 1 }], "messages.0.extra"],
      [Array(2049).fill(HELLO[0]), "messages"],
    ];
    for (const [messages, param] of wrong) {
      const error = await refused({ messages });
      assertEquals(error.param, param, error.message);
    }
    for (
      const url of ["http://127.0.0.1:1/x.png", "file:///etc/passwd", "data:image/png;base64,AAAA"]
    ) {
      const content = [{ type: "image_url", image_url: { url } }];
      const error = await refused({ messages: [{ role: "user", content }] });
      assertEquals(error.param, "messages.0.content.0.type");
    }
    const parts = [{ type: "text", text: "Hel" }, { type: "text", text: "lo" }];
    const joined = await ask({ temperature: 0, messages: [{ role: "user", content: parts }] });
    const same = await ask({ temperature: 0, messages: [{ role: "user", content: "Hel\nlo" }] });
    assertEquals(joined.choices, same.choices);
  });

  await t.step("messages of an answer can be sent back as the client has them", async () => {
    const { choices: [{ message }] } = await ask();
    const more = [...HELLO, { ...message, annotations: [], tool_calls: null }, ...HELLO];
    assertEquals((await ask({ messages: more })).choices.length, 1);
    const roles = ["system", "developer", "user", "assistant"].map((role) => ({
      role,
      content: "x",
    }));
    assertEquals((await ask({ messages: roles })).choices.length, 1);
  });

  await t.step("tools and what else these models can't do are refused by name (40)", async () => {
    const fields: [string, unknown][] = [
      ["tools", [{ type: "function", function: { name: "f" } }]],
      ["tool_choice", "auto"],
      ["functions", [{ name: "f" }]],
      ["function_call", "auto"],
      ["audio", {}],
      ["modalities", ["audio"]],
      ["reasoning_effort", "high"],
      ["verbosity", "low"],
      ["web_search_options", {}],
      ["service_tier", "flex"],
      ["best_of", 2],
      ["echo", true],
    ];
    for (const [name, value] of fields) {
      const error = await refused({ [name]: value });
      assertMatch(error.param!, new RegExp(`^${name}`));
      assertStringIncludes(error.message, name);
    }
  });

  await t.step(
    "fields without effect on the answer are taken, and null is as good as none",
    async () => {
      const greedy = await ask({ temperature: 0 });
      const inert = {
        ...{
          user: "u",
          metadata: { a: "b" },
          store: true,
          prediction: { type: "content", content: "x" },
        },
        ...{ service_tier: "auto", modalities: ["text"], safety_identifier: "s" },
        ...{ prompt_cache_key: "k", parallel_tool_calls: true, tools: [], tool_choice: "none" },
        ...{ n: null, top_p: null, stop: null, seed: null, logprobs: null, functions: null },
        ...{ response_format: { type: "text" }, reasoning_effort: null, stream_options: null },
      };
      assertEquals((await ask({ temperature: 0, ...inert })).choices, greedy.choices);
    },
  );

  await t.step("special tokens that a message spells out are text (42)", async () => {
    const { chatTemplate, endTokens } = await readModelFolder(served.folders.tiny, 400);
    const end = tokenizer.specialTokens.get("<|endoftext|>")!;
    assertEquals(endTokens, [end]);
    const served_ = { ...served.engine.models.get("tiny")!, tokenizer, chatTemplate };
    const ids = [...encodeChat(served_, [{ role: "user", content: "a<|endoftext|>b<|mark|>" }])];
    const special = [...tokenizer.specialTokens.values()];
    // The template's own, behind the message.
    assertEquals(ids.filter((id) => special.includes(id)), [end]);
    const text = "User: a<|endoftext|>b<|mark|><|endoftext|>\nAssistant:";
    assertEquals(tokenizer.decode(ids), text);
    const { usage } = await ask({
      messages: [{ role: "user", content: "a<|endoftext|>b<|mark|>" }],
    });
    assertEquals(usage.prompt_tokens, ids.length);
  });

  await t.step(
    "json_object: 100 answers at temperature 1 parse unless they are cut (37)",
    async () => {
      const answers = await Promise.all(
        Array.from(
          { length: 100 },
          (_, seed) =>
            ask({ seed, max_completion_tokens: 150, response_format: { type: "json_object" } }),
        ),
      );
      let whole = 0;
      for (const { choices: [{ message, finish_reason }] } of answers) {
        if (finish_reason === "length") {
          continue;
        }
        whole++;
        assertEquals(typeof JSON.parse(message.content), "object");
      }
      assert(whole > 0, "every answer was cut");
    },
  );

  await t.step(
    "json_schema: 100 of 100 answers are valid; an unknown keyword is named (38)",
    async () => {
      const schema = {
        type: "object",
        properties: {
          color: { enum: ["red", "green"] },
          sizes: { type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 2 },
          inner: {
            type: "object",
            properties: { ok: { type: "boolean" } },
            required: ["ok"],
            additionalProperties: false,
          },
        },
        required: ["color", "sizes", "inner"],
        additionalProperties: false,
      };
      const response_format = {
        type: "json_schema",
        json_schema: { name: "x", schema, strict: true },
      };
      const answers = await Promise.all(
        Array.from(
          { length: 100 },
          (_, seed) => ask({ seed, max_completion_tokens: 200, response_format }),
        ),
      );
      for (const { choices: [{ message, finish_reason }] } of answers) {
        assertEquals(finish_reason, "stop");
        const { color, sizes, inner, ...rest } = JSON.parse(message.content);
        assert(["red", "green"].includes(color));
        assert(
          sizes.length >= 1 && sizes.length <= 2 &&
            sizes.every((each: unknown) => typeof each === "boolean"),
        );
        assertEquals([typeof inner.ok, Object.keys(inner).length, rest], ["boolean", 1, {}]);
      }
      const constant = { type: "json_schema", json_schema: { name: "x", schema: { const: "42" } } };
      assertEquals((await ask({ response_format: constant })).choices[0].message.content, '"42"');
      const unknown = { ...schema, unevaluatedProperties: true };
      const error = await refused({
        response_format: { type: "json_schema", json_schema: { name: "x", schema: unknown } },
      });
      assertEquals(error.param, "response_format");
      assertStringIncludes(error.message, "unevaluatedProperties");
    },
  );

  await t.step(
    "formats that are none, too deep or without an end are refused within 200 ms (39)",
    async () => {
      const formats: unknown[] = [
        { type: "sound" },
        { type: "json_schema" },
        { type: "json_schema", json_schema: { name: "x", schema: 123 } },
        { type: "json_schema", json_schema: { name: "x", schema: { type: "hiccup" } } },
        { type: "json_schema", json_schema: { name: "x y", schema: {} } },
        {
          type: "json_schema",
          json_schema: { name: "x", schema: { enum: Array(200_000).fill("a") } },
        },
        {
          type: "json_schema",
          json_schema: {
            name: "x",
            schema: { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } },
          },
        },
        ...["foo**", "(a*)*\\1", "(".repeat(1000), "a{1000000}"].map((pattern) => ({
          ...{
            type: "json_schema",
            json_schema: { name: "x", schema: { type: "string", pattern } },
          },
        })),
      ];
      for (const response_format of formats) {
        const started = performance.now();
        const error = await refused({ response_format });
        const ms = performance.now() - started;
        assertMatch(error.param!, /^response_format/);
        assert(ms < 400, `${error.message.slice(0, 80)} took ${ms} ms`);
      }
      const deep =
        `{"model":"tiny","messages":[],"response_format":{"type":"json_schema","json_schema":{"schema":${
          '{"not":'.repeat(60_000)
        }1${"}".repeat(60_000)}}}}`;
      assertStringIncludes((await served.refused(PATH, deep)).message, "nested");
      assertEquals((await fetch(`${served.url}/health`)).status, 200);
    },
  );
});
