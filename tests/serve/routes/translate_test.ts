import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { readTokenizer, sourceIds } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { EncoderDecoder, Gpt, Translator } from "../../../model/mod.ts";
import { Served, until, writeModel } from "../served.ts";

const PATH = "/translate";
const TEXTS = ["I like green tea.", "Where is the station?", "I like green tea.", "You swim."];

Deno.test("translate: an encoder's translations are those of quern translate, alone and together", async () => {
  await using served = await Served.start({ models: { cmn: { encoder: true }, tiny: {} } });
  const model = "cmn";
  const folder = served.folders[model];
  const tokenizer = await readTokenizer(`${folder}/tokenizer.json`);
  const sources = TEXTS.map((text) => sourceIds(tokenizer, text));
  using device = await Device.open();
  using loaded = await EncoderDecoder.load(device, folder);
  const whole = await served.json(PATH, { model, input: TEXTS });
  assertEquals(Object.keys(whole), ["id", "object", "created", "model", "data", "usage"]);
  for (
    const [fields, { beams, ...options }] of [
      [{}, { beams: 4 }],
      [{ beams: 1, max_tokens: 5 }, { beams: 1, maxTokens: 5 }],
      [
        { beams: 3, length_penalty: 0, no_repeat_ngram: 1 },
        { beams: 3, lengthPenalty: 0, noRepeatNgram: 1 },
      ],
    ] as const
  ) {
    using translator = await Translator.create(loaded, { beams, batchSize: 4 });
    const wanted = await translator.translate(sources, options);
    const { data, usage } = await served.json(PATH, { model, input: TEXTS, ...fields });
    const expected = wanted.map(({ tokens, score }, index) => ({
      ...{ index, text: tokenizer.decode(tokens).trim(), score },
    }));
    assertEquals(data, expected);
    const prompt_tokens = sources.reduce((sum, { length }) => sum + length, 0);
    const completion_tokens = wanted.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const total_tokens = prompt_tokens + completion_tokens;
    assertEquals(usage, { prompt_tokens, completion_tokens, total_tokens });
  }
  const texts: string[] = whole.data.map(({ text }: { text: string }) => text);
  assertEquals(texts[0], texts[2]);
  assert(new Set(texts).size > 1, `${texts}`);
  const [first, ...others] = await Promise.all(
    ["I like green tea.", ...TEXTS].map((input) => served.json(PATH, { model, input })),
  );
  assertEquals(first.data, [{ ...whole.data[0], index: 0 }]);
  assertEquals(others.map(({ data }) => data[0].text), texts);
  // Special tokens that a text spells out are text.
  const spelt = await served.json(PATH, { model, input: "</s>" });
  assertEquals(spelt.usage.prompt_tokens, sourceIds(tokenizer, "</s>").length);
  const list = await (await served.app.request("/v1/models")).json();
  assertEquals(list.data.map(({ task }: { task?: string }) => task), ["translate", undefined]);
  assert(await served.metric("generation_tokens_total", 'model_name="cmn"') > 0);
  assert(await served.metric("n_decode_total") > 0);

  const wrong: [Record<string, unknown>, string][] = [
    [{ input: "" }, "input"],
    [{ input: " \n" }, "input"],
    [{ input: [] }, "input"],
    [{ input: ["a", ""] }, "input.1"],
    [{ input: 1 }, "input"],
    [{ input: ["a", "b ".repeat(99)] }, "input.1"],
    [{ input: "b".repeat(1000) }, "input"],
    [{ input: Array(257).fill("a") }, "input"],
    [{ input: "a", beams: 0 }, "beams"],
    [{ input: "a", beams: 11 }, "beams"],
    [{ input: "a", length_penalty: -1 }, "length_penalty"],
    [{ input: "a", no_repeat_ngram: 1.5 }, "no_repeat_ngram"],
    [{ input: "a", max_tokens: 49 }, "max_tokens"],
    [{ input: "a", temperature: 1 }, "temperature"],
    [{ model: "tiny", input: "a" }, "model"],
    [{}, "input"],
  ];
  for (const [fields, param] of wrong) {
    const error = await served.refused(PATH, { model, ...fields });
    assertEquals(error.param, param, error.message);
    assertEquals(Object.keys(error).slice(0, 4), ["message", "type", "param", "code"]);
  }
  const elsewhere: [string, Record<string, unknown>][] = [
    ["/v1/completions", { prompt: "a" }],
    ["/v1/chat/completions", { messages: [{ role: "user", content: "a" }] }],
    ["/v1/embeddings", { input: "a" }],
    ["/classify", { input: "a" }],
    ["/tag", { input: "a" }],
  ];
  for (const [path, fields] of elsewhere) {
    const { message, param } = await served.refused(path, { model, ...fields });
    assertEquals([param, message], ["model", "The model cmn translates: ask it at /translate"]);
  }
  const { message } = await served.refused(PATH, { model: "tiny", input: "a" });
  assertEquals(message, "The model tiny writes: ask it at /v1/completions");
});

Deno.test("translate: by a prompt, what the model goes on with up to the line's end", async () => {
  const task = { name: "translate", prompt: "{source} =>" } as const;
  await using served = await Served.start({
    models: { prompted: { task, tokenizer: "bpe" }, plain: { task: { name: "translate" } } },
  });
  const { data, usage } = await served.json(PATH, { model: "prompted", input: TEXTS });
  const asked = { temperature: 0, stop: "\n", max_tokens: 200, logprobs: 0 };
  for (const [i, text] of TEXTS.entries()) {
    const prompt = `${text} =>`;
    const body = { model: "prompted", prompt, ...asked };
    const { choices: [choice] } = await served.json("/v1/completions", body);
    // The longest translation is as long as the context has room for.
    assert(data[i].text.startsWith(choice.text.trim()) && data[i].text !== "", data[i].text);
    assertEquals(data[i].index, i);
    const alone = await served.json(PATH, { model: "prompted", input: text, max_tokens: 3 });
    const short = await served.json("/v1/completions", { ...body, max_tokens: 3 });
    assertEquals(alone.data[0].text, short.choices[0].text.trim());
    const { token_logprobs } = short.choices[0].logprobs;
    const mean = token_logprobs.reduce((a: number, b: number) => a + b) / token_logprobs.length;
    assertAlmostEquals(alone.data[0].score, mean, 1e-6);
  }
  assertEquals(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  const wrong: [Record<string, unknown>, string][] = [
    [{ beams: 2 }, "beams"],
    [{ length_penalty: 0.5 }, "length_penalty"],
    [{ no_repeat_ngram: 2 }, "no_repeat_ngram"],
    [{ max_tokens: 256 }, "input"],
    [{ input: ["a", "b".repeat(256)] }, "input.1"],
    [{ input: ["a", " "] }, "input.1"],
  ];
  for (const [fields, param] of wrong) {
    const error = await served.refused(PATH, { model: "plain", input: "a", ...fields });
    assertEquals(error.param, param, error.message);
  }
  const usual = { beams: 1, length_penalty: 1, no_repeat_ngram: 0, max_tokens: 2 };
  await served.json(PATH, { model: "plain", input: "a", ...usual });
});

Deno.test("translate: an adapter that was made to translate is asked by its own prompt", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeModel(`${folder}/base`);
    {
      using device = await Device.open();
      const lora = { rank: 2, alpha: 4, dropout: 0, targets: ["c_attn"] };
      using model = await Gpt.load(device, `${folder}/base`, { lora, seed: 3 });
      model.config.task = { name: "translate", prompt: "{source}>" };
      await model.save(`${folder}/adapter`);
    }
    const adapters = [{ id: "cmn", folder: `${folder}/adapter` }];
    await using served = await Served.start({
      models: { tiny: { folder: `${folder}/base` } },
      engine: { models: [{ id: "tiny", folder: `${folder}/base`, adapters }] },
    });
    const { data: [translated] } = await served.json(PATH, { model: "cmn", input: "Tea" });
    const written = await served.json("/v1/completions", {
      ...{ model: "cmn", prompt: "Tea>", temperature: 0, stop: "\n", max_tokens: 200 },
    });
    assertEquals(translated.text.slice(0, 20), written.choices[0].text.trim().slice(0, 20));
    const { data } = await (await served.app.request("/v1/models")).json();
    assertEquals(data.map(({ task }: { task?: string }) => task), [undefined, "translate"]);
    await served.refused(PATH, { model: "tiny", input: "Tea" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("translate: whoever leaves is worked for no longer, and others' answers go on meanwhile", async () => {
  await using served = await Served.start({
    models: { cmn: { encoder: true, context: 256 }, tiny: {} },
    limits: { queueLength: 300 },
  });
  const leaving = new AbortController();
  const many = { model: "cmn", input: Array(256).fill("I like green tea."), no_repeat_ngram: 1 };
  const gone = served.post(PATH, many, { signal: leaving.signal }).catch(() => undefined);
  await until(() => served.engine.pending === 256, "under way");
  await until(async () => await served.metric("num_requests_running") > 0, "running");
  const written = await served.json("/v1/completions", {
    ...{ model: "tiny", prompt: "a", max_tokens: 20, ignore_eos: true },
  });
  assertEquals(written.usage.completion_tokens, 20);
  assertEquals(served.engine.pending, 256, "the long request is still under way");
  const full = await served.post(PATH, { ...many, input: Array(200).fill("Tea.") });
  assertEquals(full.status, 429);
  assertStringIncludes((await full.json()).error.message, "The queue is full");
  leaving.abort();
  await gone;
  await until(() => served.engine.pending === 0, "given up");
  await until(async () => await served.metric("num_requests_running") === 0, "idle", 2000);
  const isLeft = ({ path, status }: { path: string; status: number }) =>
    path === PATH && status === 499;
  await until(() => served.log.some(isLeft), "told");
  assertEquals(served.log.find(isLeft)!.model, "cmn");
});
