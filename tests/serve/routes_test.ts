import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "@hono/zod-openapi";
import { Served } from "./served.ts";

Deno.test("routes: the openai client finds what it expects (check 1)", async (t) => {
  await using served = await Served.start();
  const client = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: "none", maxRetries: 0 });
  const model = "tiny";
  const messages = [{ role: "user" as const, content: "Hello" }];

  await t.step("models", async () => {
    const ids = [];
    for await (const { id, object } of client.models.list()) ids.push([id, object]);
    assertEquals(ids, [["tiny", "model"]]);
    assertEquals((await client.models.retrieve("tiny")).id, "tiny");
  });

  await t.step("completions, plain and streamed", async () => {
    const plain = await client.completions.create({ model, prompt: "Hello" });
    assertEquals(plain.choices.map(({ index, finish_reason }) => [index, finish_reason]), [
      [0, "length"],
    ]);
    assertEquals(plain.usage?.completion_tokens, 16);
    const stream = await client.completions.create({ model, prompt: "Hello", stream: true });
    let text = "";
    for await (const { choices: [choice] } of stream) text += choice.text;
    assert(text.length > 0);
  });

  await t.step("chat completions, plain, streamed, .stream() and .parse()", async () => {
    const request = { model, messages, max_completion_tokens: 20, temperature: 0 };
    const plain = await client.chat.completions.create(request);
    const { role, content } = plain.choices[0].message;
    assertEquals(role, "assistant");
    const stream = await client.chat.completions.create({ ...request, stream: true });
    let text = "";
    for await (const { choices: [choice] } of stream) text += choice.delta.content ?? "";
    assertEquals(text, content);
    const runner = client.chat.completions.stream(request);
    const final = await runner.finalChatCompletion();
    assertEquals(final.choices[0].message.content, content);
    assertEquals(final.choices[0].finish_reason, "length");
    const format = zodResponseFormat(z.object({ yes: z.boolean() }), "answer");
    const parsed = await client.chat.completions.parse({
      ...{ model, messages, max_completion_tokens: 200, response_format: format },
    });
    assertEquals(typeof parsed.choices[0].message.parsed?.yes, "boolean");
  });

  await t.step("embeddings, of which it asks for base64", async () => {
    const input = ["Hello", "you"];
    const { data } = await client.embeddings.create({ model, input });
    const floats = await client.embeddings.create({ model, input, encoding_format: "float" });
    assertEquals(data.map(({ embedding }) => embedding.length), [32, 32]);
    assertEquals(data.map(({ embedding }) => [...embedding]), floats.data.map((e) => e.embedding));
  });

  await t.step("errors are of its classes and are not repeated", async () => {
    await assertRejects(
      () => client.completions.create({ model: "other", prompt: "x" }),
      OpenAI.NotFoundError,
    );
    const error = await assertRejects(
      () => client.completions.create({ model, prompt: "x", n: 129 }),
      OpenAI.BadRequestError,
    );
    assertEquals([error.param, error.type], ["n", "invalid_request_error"]);
    assert(error.requestID);
  });
});
