import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  batches,
  byteTokenizer,
  charTokenizer,
  evaluationBatches,
  PATTERNS,
  type Tokenizer,
} from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { generate, Gpt, type GptConfig, Trainer, writeGguf } from "../../../model/mod.ts";
import { createActivations, gptForward, outputForward } from "../../../model/gpt/mod.ts";
import { smallBpe } from "../../data/tasks/tokenizers.ts";
import { readGguf } from "./read_gguf.ts";
import { askLlama, installLlama } from "./llama.ts";

const CONFIG: GptConfig = {
  ...{ layers: 2, heads: 2, channels: 32, context: 64, vocabularySize: 256 },
  ...{ dropout: 0, bias: false, tie: true },
};

type Type = "f32" | "f16" | "q8_0";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Values that count up, for a file that no GPU made. */
const counting = (config: GptConfig) => (name: string) => {
  const sizes: Record<string, number> = {
    "transformer.wte.weight": config.vocabularySize,
    "transformer.wpe.weight": config.context,
    "lm_head.weight": config.vocabularySize,
  };
  const C = config.channels;
  const count = name.endsWith("c_attn.weight")
    ? 3 * C * C
    : /mlp\.c_(fc|proj)\.weight$/.test(name)
    ? 4 * C * C
    : name.endsWith("attn.c_proj.weight")
    ? C * C
    : name in sizes
    ? sizes[name] * C
    : name.endsWith("c_attn.bias")
    ? 3 * C
    : name.endsWith("c_fc.bias")
    ? 4 * C
    : C;
  return Promise.resolve(Float32Array.from({ length: count }, (_, i) => (i % 251) / 128 - 1));
};

async function write(
  folder: string,
  config: GptConfig,
  tokenizer: Record<string, unknown> = byteTokenizer().toJson(),
  type: Type = "f32",
): Promise<string> {
  const path = `${folder}/model.gguf`;
  await writeGguf(path, config, counting(config), {
    type,
    tokenizer,
    patterns: PATTERNS,
    name: "a",
  });
  return path;
}

Deno.test("writeGguf: names, sizes and values of every tensor; linear layers are turned", () =>
  withFolder(async (folder) => {
    const config = { ...CONFIG, layers: 1, tie: false };
    const { metadata, tensors } = await readGguf(await write(folder, config));
    assertEquals([...tensors.keys()], [
      ...["token_embd.weight", "position_embd.weight"],
      ...["attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down"].flatMap((
        name,
      ) => [`blk.0.${name}.weight`, `blk.0.${name}.bias`]),
      ...["output_norm.weight", "output_norm.bias", "output.weight"],
    ]);
    const qkv = tensors.get("blk.0.attn_qkv.weight")!;
    assertEquals(qkv.sizes, [32, 96]);
    const source = await counting(config)("transformer.h.0.attn.c_attn.weight");
    // Element [o, i] of ggml is [i, o] of the model.
    for (const [o, i] of [[0, 0], [0, 1], [1, 0], [95, 31], [77, 13]]) {
      assertEquals(qkv.values[o * 32 + i], source[i * 96 + o]);
    }
    assertEquals(tensors.get("token_embd.weight")!.sizes, [32, 256]);
    assert(tensors.get("blk.0.ffn_up.bias")!.values.every((value) => value === 0));
    assertEquals(metadata["gpt2.feed_forward_length"], 128);
    assertEquals(metadata["gpt2.context_length"], 64);
    assertAlmostEquals(metadata["gpt2.attention.layer_norm_epsilon"] as number, 1e-5, 1e-10);
  }));

Deno.test("writeGguf: biases where there are some; no output layer where it is tied", () =>
  withFolder(async (folder) => {
    const { tensors } = await readGguf(await write(folder, { ...CONFIG, bias: true }));
    assert(!tensors.has("output.weight"));
    assert(tensors.get("blk.1.ffn_up.bias")!.values.some((value) => value !== 0));
  }));

Deno.test("writeGguf: f16 and q8_0 are as near as their steps; vectors and positions stay f32", () =>
  withFolder(async (folder) => {
    for (const [type, step] of [["f16", 2 ** -11], ["q8_0", 1 / 254 + 2 ** -11]] as const) {
      const { tensors } = await readGguf(await write(folder, CONFIG, undefined, type));
      const source = await counting(CONFIG)("transformer.wte.weight");
      const { type: found, values } = tensors.get("token_embd.weight")!;
      assertEquals(found, type);
      source.forEach((value, i) => assertAlmostEquals(values[i], value, step));
      assertEquals(tensors.get("position_embd.weight")!.type, "f32");
      assertEquals(tensors.get("output_norm.weight")!.type, "f32");
    }
  }));

Deno.test("writeGguf: the vocabulary: bytes, merges, special tokens, ids without a token", () =>
  withFolder(async (folder) => {
    const bytes = (await readGguf(await write(folder, CONFIG))).metadata;
    const tokens = bytes["tokenizer.ggml.tokens"] as string[];
    assertEquals([tokens.length, tokens[65], tokens[10]], [256, "A", "Ċ"]);
    assertEquals(bytes["tokenizer.ggml.merges"], []);
    assertEquals([bytes["tokenizer.ggml.model"], bytes["tokenizer.ggml.pre"]], ["gpt2", "gpt-2"]);
    const bpe = await smallBpe();
    const size = bpe.vocabularySize;
    const larger = { ...CONFIG, vocabularySize: size + 2 };
    const { metadata } = await readGguf(await write(folder, larger, bpe.toJson()));
    const kinds = metadata["tokenizer.ggml.token_type"] as number[];
    const end = bpe.specialTokens.get("<|endoftext|>")!;
    assertEquals([kinds[end], kinds[size - 1], kinds[size]], [3, 1, 5]);
    assertEquals(metadata["tokenizer.ggml.eos_token_id"], end);
    assertEquals((metadata["tokenizer.ggml.tokens"] as string[])[size + 1], `[PAD${size + 1}]`);
    assert(
      (metadata["tokenizer.ggml.merges"] as string[]).every((merge) => /^\S+ \S+$/.test(merge)),
    );
  }));

Deno.test("writeGguf: what llama.cpp has not, and rows that make no blocks, are refused by name", () =>
  withFolder(async (folder) => {
    const bpe = (await smallBpe()).toJson();
    const cases: [Record<string, unknown>, string][] = [
      [
        charTokenizer("abc").toJson(),
        "llama.cpp's GPT-2 has a byte-level BPE, it is a character tokenizer",
      ],
      [{ ...bpe, model: { type: "Unigram" } }, "it is Unigram without bytes"],
      [{}, "it is no tokenizer.json without bytes"],
      [{ ...bpe, normalizer: { type: "NFC" } }, "it changes the text before it cuts it"],
      [
        { ...bpe, pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } },
        "add_prefix_space",
      ],
      [{ ...bpe, pre_tokenizer: { type: "ByteLevel", use_regex: false } }, "it cuts no words"],
      [
        {
          ...bpe,
          pre_tokenizer: {
            type: "Sequence",
            pretokenizers: [{ type: "Split", pattern: { Regex: "x+" } }, { type: "ByteLevel" }],
          },
        },
        "llama.cpp has no name for its pattern x+",
      ],
      [{ ...bpe, model: { ...bpe.model as object, ignore_merges: true } }, "ignore_merges"],
    ];
    for (const [json, message] of cases) {
      await assertRejects(
        () => write(folder, { ...CONFIG, vocabularySize: 300 }, json),
        TypeError,
        message,
      );
    }
    await assertRejects(
      () => write(folder, { ...CONFIG, vocabularySize: 200 }),
      TypeError,
      "has the id 200, but the model has 200 tokens",
    );
    await assertRejects(
      () => write(folder, { ...CONFIG, channels: 48 }, undefined, "q8_0"),
      RangeError,
      "Cannot export transformer.wte.weight as q8_0: its rows of 48 values must be divisible by 32",
    );
    const large = () => Promise.resolve(new Float32Array(256 * 32).fill(1e5));
    await assertRejects(
      () =>
        writeGguf(`${folder}/x`, CONFIG, large, {
          ...{ type: "f16", tokenizer: byteTokenizer().toJson(), patterns: PATTERNS },
        }),
      RangeError,
      "Cannot export transformer.wte.weight as f16: halves end at 65504, it holds 100000",
    );
  }));

const llama = await installLlama();
const skipped = llama === undefined;
/** Words in no order: how each is spelt can be learned fast, which one comes cannot. */
const TEXT = Array.from({ length: 3000 }, (_, i) => {
  const words = "the mill grinds corn and a miller sings while water turns his old wheel".split(
    " ",
  );
  return words[Math.floor(Math.abs(Math.sin(i * i + i)) * words.length)];
}).join(" ");

/** Our logits at each position of a sequence. */
async function logitsOf(model: Gpt, ids: number[]): Promise<number[][]> {
  const { device, config } = model;
  const V = config.vocabularySize;
  using a = createActivations(device, config, { B: 1, T: ids.length, training: false });
  using logits = device.tensor("logits", [ids.length, V]);
  using forward = await device.record("forward", (pass) => {
    gptForward(pass, config, model.weights, a);
    outputForward(pass, model.weights.head, { x: a.norm.y, logits });
  });
  a.tokens.write(Uint32Array.from(ids));
  forward.run();
  const all = await logits.read() as Float32Array;
  return ids.map((_, t) => [...all.subarray(t * V, (t + 1) * V)]);
}

const argmax = (values: number[]) => values.reduce((best, v, i) => v > values[best] ? i : best, 0);

function logSoftmax(values: number[]): number[] {
  const most = Math.max(...values);
  const sum = values.reduce((total, value) => total + Math.exp(value - most), 0);
  return values.map((value) => value - most - Math.log(sum));
}

/** Perplexity of a sequence, each token but the first given those before. */
function perplexity(logits: number[][], ids: number[]): number {
  const nats = ids.slice(1).reduce((sum, id, t) => sum - logSoftmax(logits[t])[id], 0);
  return Math.exp(nats / (ids.length - 1));
}

/** A model that has learned something of the text. */
async function trained(device: Device, tokenizer: Tokenizer, config: GptConfig): Promise<Gpt> {
  const model = Gpt.create(device, config, { seed: 1 });
  const tokens = Uint16Array.from(tokenizer.encode(TEXT));
  const options = { batchSize: 4, context: 32, iterations: 80 };
  using trainer = await Trainer.create(model, {
    ...options,
    learningRate: 1e-2,
    warmupIterations: 10,
  });
  const rows = batches(tokens, { ...options, order: "shuffled", seed: 1 });
  let loss = Infinity;
  for await (const event of trainer.train({ batches: rows })) {
    if (event.type === "step") loss = event.loss;
  }
  assert(loss < 3, `the loss is ${loss}`);
  return model;
}

async function save(folder: string, model: Gpt, tokenizer: Tokenizer, type: Type): Promise<string> {
  const path = `${folder}/${type}.gguf`;
  const read = model.parameters.reader() as (name: string) => Promise<Float32Array<ArrayBuffer>>;
  await writeGguf(path, model.config, read, {
    type,
    tokenizer: tokenizer.toJson(),
    patterns: PATTERNS,
  });
  return path;
}

/** Asserts that llama.cpp chooses as we do, and never much worse, over 50 tokens of ours. */
async function assertSameChoices(model: Gpt, tokenizer: Tokenizer, prompt: string): Promise<void> {
  await withFolder(async (folder) => {
    const start = [...tokenizer.encode(prompt)];
    const written: number[] = [];
    for await (const id of generate(model, start, { tokens: 50, temperature: 0 })) written.push(id);
    const ids = [...start, ...written.slice(0, -1)];
    const text = "Quern's 3 mills 诗 grind\n\n  <|endoftext|> x";
    const { logits, ids: [found] } = await askLlama(llama!, {
      ...{ model: await save(folder, model, tokenizer, "f32"), tokens: [ids], texts: [text] },
    });
    assertEquals(found, [...tokenizer.encode(text)], "the ids of a text");
    const theirs = logits[0].slice(start.length - 1).map(argmax);
    const same = theirs.filter((id, i) => id === written[i]).length;
    const ours = (await logitsOf(model, ids)).slice(start.length - 1).map(logSoftmax);
    const worst = Math.max(...theirs.map((id, i) => ours[i][written[i]] - ours[i][id]));
    assert(same >= 45, `${same} of 50 choices are ours`);
    assert(worst <= 0.05, `a choice is ${worst} worse`);
  });
}

Deno.test({
  name: "llama.cpp: a random model with a vocabulary of bytes chooses as ours",
  ignore: skipped,
  async fn() {
    using device = await Device.open();
    using model = Gpt.create(device, CONFIG, { seed: 3 });
    await assertSameChoices(model, byteTokenizer(), "The mill ");
  },
});

Deno.test({
  name:
    "llama.cpp: a trained model with biases, an output layer of its own and a BPE chooses as ours; in q8_0 its perplexity is within 1%",
  ignore: skipped,
  async fn() {
    using device = await Device.open();
    const tokenizer = await smallBpe();
    const config = { ...CONFIG, vocabularySize: tokenizer.vocabularySize, bias: true, tie: false };
    using model = await trained(device, tokenizer, config);
    await assertSameChoices(model, tokenizer, "The ");
    const tokens = Uint16Array.from(tokenizer.encode(TEXT));
    const windows: number[][] = [];
    for await (const batch of evaluationBatches(tokens, { batchSize: 1, context: 64, limit: 8 })) {
      windows.push([...batch.tokens]);
    }
    await withFolder(async (folder) => {
      const ours = await Promise.all(
        windows.map(async (ids) => perplexity(await logitsOf(model, ids), ids)),
      );
      for (const [type, most] of [["q8_0", 0.01], ["f16", 0.002]] as const) {
        const { logits } = await askLlama(llama!, {
          ...{ model: await save(folder, model, tokenizer, type), tokens: windows, texts: [] },
        });
        const theirs = logits.map((each, i) => perplexity(each, windows[i]));
        const mean = (list: number[]) =>
          Math.exp(list.reduce((s, p) => s + Math.log(p), 0) / list.length);
        const ratio = mean(theirs) / mean(ours);
        assert(Math.abs(ratio - 1) <= most, `${type}: the perplexity is ${ratio} of ours`);
      }
    });
  },
});
