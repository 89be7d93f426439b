import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { Served, testTokenizer } from "../served.ts";

const PATH = "/v1/completions";
const GREEDY = { temperature: 0, max_tokens: 24 };

Deno.test("completions: what the reference page's checks ask of texts and fields", async (t) => {
  await using served = await Served.start({ models: { tiny: { tokenizer: "bpe" } } });
  const tokenizer = await testTokenizer("bpe");
  const V = tokenizer.vocabularySize;
  const model = "tiny";
  // deno-lint-ignore no-explicit-any
  const ask = (fields: Record<string, unknown>): Promise<any> =>
    served.json(PATH, { model, prompt: "To be", ...fields });
  const stream = (fields: Record<string, unknown>) =>
    served.chunks(PATH, { model, prompt: "To be", ...fields });
  // deno-lint-ignore no-explicit-any
  const textOf = (chunks: any[], index = 0) =>
    chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index)
      .map(({ text }) => text).join("");

  await t.step("a stream has the text of the plain answer, for 50 prompts (2)", async () => {
    await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      const prompt = `prompt number ${i} é`;
      const plain = await ask({ prompt, ...GREEDY });
      const chunks = await stream({ prompt, ...GREEDY });
      assertEquals(textOf(chunks), plain.choices[0].text);
      assertEquals(chunks.at(-1).choices[0].finish_reason, plain.choices[0].finish_reason);
    }));
  });

  await t.step("a seed gives one text, other seeds others (4)", async () => {
    const texts = (seeds: number[]) =>
      Promise.all(seeds.map((seed) => served.complete("To be", { seed, max_tokens: 24 })));
    assertEquals(new Set(await texts([7, 7, 7, 7])).size, 1);
    assert(new Set(await texts([1, 2, 3, 4])).size >= 3);
    assertNotEquals(await served.complete("To be"), await served.complete("To be"));
  });

  await t.step("text, ids and mixed batches of prompts agree", async () => {
    const ids = [...tokenizer.encode("To be")];
    const [text, tokens, many] = await Promise.all([
      ask(GREEDY),
      ask({ ...GREEDY, prompt: ids }),
      ask({ ...GREEDY, prompt: [ids, ids] }),
    ]);
    assertEquals(tokens.choices[0].text, text.choices[0].text);
    assertEquals(many.choices.map((choice: { text: string }) => choice.text), [
      text.choices[0].text,
      text.choices[0].text,
    ]);
  });

  await t.step("a prompt beyond the context is told before any byte of a stream (7)", async () => {
    for (const prompt of [Array(256).fill(1), "a".repeat(3000), "春".repeat(2000)]) {
      for (const stream of [false, true]) {
        const error = await served.refused(PATH, { model, prompt, stream, max_tokens: 1 });
        assertEquals([error.code, error.n_ctx], ["context_length_exceeded", 256]);
      }
    }
    const error = await served.refused(PATH, { model, prompt: Array(250).fill(1), max_tokens: 7 });
    assertEquals([error.code, error.n_prompt_tokens], ["context_length_exceeded", 250]);
    const fits = await ask({ prompt: Array(250).fill(1), max_tokens: 6, ignore_eos: true });
    assertEquals(fits.usage.total_tokens, 256);
  });

  await t.step(
    "usage: null in every chunk and once in numbers, equal to the plain one (18)",
    async () => {
      const plain = await ask(GREEDY);
      const chunks = await stream({ ...GREEDY, stream_options: { include_usage: true } });
      const last = chunks.pop();
      assert(chunks.every(({ usage, choices }) => usage === null && choices.length === 1));
      assertEquals(last.choices, []);
      const { prompt_tokens, completion_tokens, total_tokens } = last.usage;
      assertEquals(prompt_tokens + completion_tokens, total_tokens);
      assertEquals([prompt_tokens, completion_tokens], [
        plain.usage.prompt_tokens,
        plain.usage.completion_tokens,
      ]);
      assert((await stream(GREEDY)).every((chunk) => !Object.hasOwn(chunk, "usage")));
    },
  );

  await t.step(
    "the text excludes the stop text, also streamed and split over tokens (20)",
    async () => {
      const whole = await served.complete("To be", GREEDY);
      for (const stop of [whole.slice(5, 8), [whole.slice(5, 8), "\u0001", "\u0002", "\u0003"]]) {
        const text = typeof stop === "string" ? stop : stop[0];
        const { choices: [choice] } = await ask({ ...GREEDY, stop });
        assertEquals(choice, {
          ...choice,
          text: whole.slice(0, whole.indexOf(text)),
          finish_reason: "stop",
        });
        const chunks = await stream({ ...GREEDY, stop });
        assertEquals(textOf(chunks), choice.text);
      }
    },
  );

  await t.step("no chunk has a part of a character (21)", async () => {
    // Bytes of characters are tokens of their own here, so that they come one at a time.
    const bytes = [...new TextEncoder().encode("😀春e\u0301👩‍👩‍👧é")];
    const idOf = (byte: number) =>
      Array.from({ length: V }, (_, id) => id).find((id) =>
        tokenizer.bytes(id).length === 1 && tokenizer.bytes(id)[0] === byte
      )!;
    const { choices: [echoed] } = await ask({ prompt: bytes.map(idOf), echo: true, max_tokens: 0 });
    assertEquals(echoed.text, "😀春e\u0301👩‍👩‍👧é");
    // Biased to the bytes of one character, answers are made of whole characters and broken ones.
    for (const seed of [1, 2, 3, 4, 5]) {
      const logit_bias = Object.fromEntries(bytes.map((byte) => [idOf(byte), 100]));
      const fields = { seed, max_tokens: 60, logit_bias };
      const plain = await ask(fields);
      const chunks = await stream(fields);
      assertEquals(textOf(chunks), plain.choices[0].text);
      assert(chunks.every(({ choices }) => choices[0].text.isWellFormed()));
    }
  });

  await t.step("max_tokens is kept to, 16 without it (22)", async () => {
    for (const max_tokens of [1, 2, 7, 33]) {
      const { choices, usage } = await ask({ max_tokens, ignore_eos: true });
      assertEquals([usage.completion_tokens, choices[0].finish_reason], [max_tokens, "length"]);
    }
    assertEquals((await ask({ ignore_eos: true })).usage.completion_tokens, 16);
    assertEquals((await ask({ max_tokens: 0 })).choices[0], {
      ...{ text: "", index: 0, logprobs: null, finish_reason: "length" },
    });
  });

  await t.step("log-probabilities of 0 to 5 tokens, where each begins (25)", async () => {
    for (const logprobs of [0, 1, 5]) {
      const { choices: [choice] } = await ask({ ...GREEDY, logprobs });
      const { tokens, token_logprobs, top_logprobs, text_offset } = choice.logprobs;
      assertEquals(tokens.length, token_logprobs.length);
      tokens.forEach((token: string, i: number) => {
        assert(token_logprobs[i] <= 0);
        assertEquals(top_logprobs[i][token], token_logprobs[i]);
        const others = Object.keys(top_logprobs[i]).length;
        assert(others >= Math.max(1, logprobs - 1) && others <= logprobs + 1, `${others}`);
        if (token.startsWith("bytes:") || choice.text.includes("\ufffd")) return;
        assertEquals([...choice.text].slice(text_offset[i]).join("").startsWith(token), true);
      });
      const chunks = await stream({ ...GREEDY, logprobs });
      const streamed = chunks.flatMap(({ choices }) => choices[0].logprobs?.tokens ?? []);
      assertEquals(streamed, tokens);
    }
    assertEquals((await ask({ logprobs: null })).choices[0].logprobs, null);
  });

  await t.step("echo tells the prompt and its log-probabilities, the first null (26)", async () => {
    const { choices: [choice] } = await ask({ echo: true, logprobs: 1, max_tokens: 0 });
    const ids = tokenizer.encode("To be");
    assertEquals(choice.text, "To be");
    assertEquals(choice.logprobs.tokens, [...ids].map((id) => tokenizer.decode([id])));
    assertEquals(choice.logprobs.token_logprobs[0], null);
    assertEquals(choice.logprobs.top_logprobs[0], null);
    assert(choice.logprobs.token_logprobs.slice(1).every((logprob: number) => logprob < 0));
    const both = await ask({ ...GREEDY, echo: true });
    assertEquals(both.choices[0].text, "To be" + await served.complete("To be", GREEDY));
    assertEquals(textOf(await stream({ ...GREEDY, echo: true })), both.choices[0].text);
    for (const prompt of ["", [], [[]], null]) {
      for (const echo of [true, false]) {
        for (const max_tokens of [0, 1]) {
          const response = await served.post(PATH, { model, prompt, echo, max_tokens });
          const isStart = prompt === "" || prompt === null;
          assertEquals(response.status, isStart ? 200 : 400);
          await response.text();
        }
      }
    }
  });

  await t.step("choices come in the order of prompts, then of n, all finished (27)", async () => {
    const { choices, usage } = await ask({ prompt: ["a", "b", "c"], n: 4, max_tokens: 5, seed: 3 });
    assertEquals(choices.map(({ index }: { index: number }) => index), [...Array(12).keys()]);
    const alone = await Promise.all(
      ["a", "b", "c"].map((prompt) => ask({ prompt, n: 4, max_tokens: 5, seed: 3 })),
    );
    assertEquals(
      choices.map(({ text }: { text: string }) => text),
      alone.flatMap(({ choices }) => choices.map(({ text }: { text: string }) => text)),
    );
    assertEquals(usage.prompt_tokens, 3);
    const chunks = await stream({ prompt: ["a", "b"], n: 2, max_tokens: 5, seed: 3 });
    const finished = chunks.flatMap(({ choices }) => choices)
      .filter(({ finish_reason }) => finish_reason !== null).map(({ index }) => index);
    assertEquals(finished.toSorted(), [0, 1, 2, 3]);
    assertEquals(textOf(chunks, 3), choices[5].text);
  });

  await t.step("best_of gives the answers with the highest mean log-probability (28)", async () => {
    const meanOf = ({ logprobs }: { logprobs: { token_logprobs: number[] } }) =>
      logprobs.token_logprobs.reduce((a, b) => a + b) / logprobs.token_logprobs.length;
    const fields = { seed: 9, max_tokens: 8, logprobs: 0, temperature: 1.5, ignore_eos: true };
    const all = await ask({ ...fields, n: 6 });
    const best = await ask({ ...fields, n: 2, best_of: 6 });
    const means = all.choices.map(meanOf).toSorted((a: number, b: number) => b - a);
    best.choices.forEach((choice: { logprobs: { token_logprobs: number[] } }, i: number) =>
      assertAlmostEquals(meanOf(choice), means[i], 1e-6)
    );
    assertEquals(best.usage.completion_tokens, 48);
    const plain = await ask({ ...fields, logprobs: null, best_of: 6 });
    assertEquals(plain.choices[0].text, best.choices[0].text);
  });

  await t.step(
    "temperature 0 and a top_p of next to nothing always give the likeliest token (29, 30)",
    async () => {
      const greedy = await served.complete("To be", GREEDY);
      const again = await Promise.all(
        Array.from({ length: 20 }, () => served.complete("To be", GREEDY)),
      );
      assertEquals(new Set([greedy, ...again]).size, 1);
      for (const top_p of [0, 1e-9]) {
        assertEquals(await served.complete("To be", { max_tokens: 24, top_p }), greedy);
      }
      assertEquals(await served.complete("To be", { max_tokens: 24, top_k: 1 }), greedy);
      assertEquals(await served.complete("To be", { max_tokens: 24, min_p: 1 }), greedy);
      for (const penalty of [-2, 2]) {
        await ask({ temperature: 2, presence_penalty: penalty, frequency_penalty: penalty });
      }
    },
  );

  await t.step("logit_bias forbids and forces tokens (31)", async () => {
    const { choices: [choice] } = await ask({
      ...GREEDY,
      max_tokens: 64,
      logprobs: 0,
      ignore_eos: true,
    });
    const ids = [...tokenizer.encode(choice.text)].slice(0, 32);
    const forbidden = Object.fromEntries(ids.map((id) => [id, -100]));
    const without = await ask({
      ...GREEDY,
      max_tokens: 64,
      logprobs: 0,
      logit_bias: forbidden,
      ignore_eos: true,
    });
    const names = new Set(ids.map((id) => tokenizer.decode([id])));
    assertEquals(
      without.choices[0].logprobs.tokens.filter((token: string) => names.has(token)),
      [],
    );
    const [id] = tokenizer.encode("e");
    assertEquals(
      await served.complete("To be", { max_tokens: 8, logit_bias: { [id]: 100 } }),
      "eeeeeeee",
    );
  });

  await t.step("chunks that hide their sizes differ by less than 64 bytes", async () => {
    const response = await served.post(PATH, {
      ...{ model, prompt: "To be", stream: true, max_tokens: 40, ignore_eos: true },
      stream_options: { include_obfuscation: true },
    });
    const sizes = (await response.text()).split("\n\n").filter((event) => event.includes('"text"'))
      .map((event) => new TextEncoder().encode(event).length);
    assert(Math.max(...sizes) - Math.min(...sizes) < 64, `${sizes}`);
  });

  await t.step("structured outputs: a pattern and a list of choices", async () => {
    for (const seed of [1, 2, 3, 4]) {
      const fields = { seed, max_tokens: 40 };
      const regex = await served.complete("x", {
        ...fields,
        structured_outputs: { regex: "[a-f]{3}-\\d{2}" },
      });
      assertMatch(regex, /^[a-f]{3}-\d{2}$/);
      const choice = await served.complete("x", {
        ...fields,
        structured_outputs: { choice: ["yes", "no"] },
      });
      assertMatch(choice, /^(yes|no)$/);
    }
    const error = await served.refused(PATH, {
      ...{ model, prompt: "x", structured_outputs: { regex: "a", choice: ["b"] } },
    });
    assertEquals(error.param, "structured_outputs");
    const pattern = await served.refused(PATH, {
      model,
      prompt: "x",
      structured_outputs: { regex: "(a" },
    });
    assertEquals(pattern.param, "structured_outputs");
  });
});
