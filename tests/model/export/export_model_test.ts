import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { byteTokenizer, charTokenizer, PATTERNS } from "../../../data/mod.ts";
import { exportModel, type GptConfig, inspectModel, modelCard } from "../../../model/mod.ts";
import { configToHuggingFace, WeightsFile, writeWeights } from "../../../model/checkpoint/mod.ts";
import { readGguf } from "./read_gguf.ts";

const CONFIG: GptConfig = {
  ...{ layers: 1, heads: 2, channels: 32, context: 16, vocabularySize: 256 },
  ...{ dropout: 0, bias: false, tie: true },
};
const values = (name: string, size: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(name.length + i));
const sizes: Record<string, number> = {
  "transformer.wte.weight": 256 * 32,
  "transformer.wpe.weight": 16 * 32,
  "transformer.h.0.ln_1.weight": 32,
  "transformer.h.0.attn.c_attn.weight": 32 * 96,
  "transformer.h.0.attn.c_proj.weight": 32 * 32,
  "transformer.h.0.ln_2.weight": 32,
  "transformer.h.0.mlp.c_fc.weight": 32 * 128,
  "transformer.h.0.mlp.c_proj.weight": 128 * 32,
  "transformer.ln_f.weight": 32,
};

/** Works with a run that has one checkpoint. */
async function withRun(
  use: (folder: { base: string; checkpoint: string }) => Promise<void>,
  tokenizer: Record<string, unknown> | undefined = byteTokenizer().toJson(),
): Promise<void> {
  const base = await Deno.makeTempDir();
  try {
    const checkpoint = `${base}/run/checkpoints/step-000020`;
    await Deno.mkdir(checkpoint, { recursive: true });
    const write = (path: string, value: unknown) => Deno.writeTextFile(path, JSON.stringify(value));
    await write(`${checkpoint}/config.json`, configToHuggingFace(CONFIG));
    await writeWeights(
      `${checkpoint}/model.safetensors`,
      CONFIG,
      (name) => values(name, sizes[name]),
    );
    if (tokenizer) await write(`${checkpoint}/tokenizer.json`, tokenizer);
    await write(`${checkpoint}/trainer.json`, { iteration: 20, validationLoss: 1.25 });
    await write(`${base}/run/config.json`, { learningRate: 0.001, out: "x", separator: "a|b" });
    await write(`${base}/run/data.json`, [{ path: "text.txt", sha256: "abc" }]);
    await Deno.writeTextFile(
      `${base}/run/metrics.jsonl`,
      '{"iteration":20,"loss":9}\n{"iteration":20,"loss":1.5,"learningRate":1}\n{"iteration":21,"lo',
    );
    await use({ base, checkpoint });
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

Deno.test("inspectModel: what a folder is, its tokenizer with it", () =>
  withRun(async ({ checkpoint }) => {
    const { tokenizer: _, ...facts } = await inspectModel(checkpoint);
    assertEquals(facts, {
      ...{ folder: checkpoint, config: CONFIG, types: ["F32"], isSharded: false },
      parameters: Object.values(sizes).reduce((a, b) => a + b),
      tokenizerKind: "BPE of 256 tokens",
    });
    await Deno.writeTextFile(`${checkpoint}/tokenizer.json`, "{");
    await assertRejects(
      () => inspectModel(checkpoint),
      SyntaxError,
      "tokenizer.json: it is no JSON",
    );
    await Deno.remove(`${checkpoint}/config.json`);
    await assertRejects(
      () => inspectModel(checkpoint),
      Deno.errors.NotFound,
      "config.json: there is no",
    );
  }));

Deno.test("exportModel: safetensors with what transformers needs, and a card from the run's record", () =>
  withRun(async ({ base, checkpoint }) => {
    await Deno.writeTextFile(`${checkpoint}/chat_template.jinja`, "{{ messages }}");
    const target = `${base}/out/mill`;
    const files = await exportModel(checkpoint, target, {
      ...{ format: "safetensors", patterns: PATTERNS, license: "mit" },
    });
    assertEquals(files.map((path) => path.slice(target.length + 1)).sort(), [
      ...["README.md", "chat_template.jinja", "config.json", "model.safetensors"],
      ...["tokenizer.json", "tokenizer_config.json"],
    ]);
    using weights = await WeightsFile.open(target, CONFIG);
    for (const [name, size] of Object.entries(sizes)) {
      assertEquals(await weights.read(name), values(name, size));
    }
    const card = await Deno.readTextFile(`${target}/README.md`);
    assertMatch(card, /^---\nlicense: mit\n[\s\S]*?\n---\n\n# mill\n/);
    for (
      const line of [
        "| `text.txt` | sha256 `abc` |",
        "| iterations | 20 |",
        "| training loss, nats a token | 1.5000 |",
        "| validation loss, nats a token | 1.2500 |",
        "| validation perplexity | 3.49 |",
        "| learningRate | `0.001` |",
        "| separator | `a\\|b` |",
        "| vocabulary | 256 tokens, BPE of 256 tokens |",
        "## Limits",
      ]
    ) assertStringIncludes(card, line);
    assert(!card.includes("| out |"));
    await assertRejects(
      () => exportModel(checkpoint, target, { format: "safetensors", patterns: PATTERNS }),
      Deno.errors.AlreadyExists,
      "it exists already",
    );
  }));

Deno.test("exportModel: a GGUF file alone, or in a folder with its card", () =>
  withRun(async ({ base, checkpoint }) => {
    const options = { format: "gguf", patterns: PATTERNS, type: "q8_0" } as const;
    const path = `${base}/mill.gguf`;
    assertEquals(await exportModel(checkpoint, path, options), [path]);
    const { metadata, tensors } = await readGguf(path);
    assertEquals([metadata["general.name"], tensors.get("token_embd.weight")!.type], [
      "mill",
      "q8_0",
    ]);
    const files = await exportModel(checkpoint, `${base}/mill`, options);
    assertEquals(files, [`${base}/mill/model.gguf`, `${base}/mill/README.md`]);
    assertStringIncludes(await Deno.readTextFile(files[1]), "| numbers | q8_0 |");
    assertStringIncludes(await Deno.readTextFile(files[1]), "llama.cpp runs `model.gguf`");
    await assertRejects(
      () => exportModel(checkpoint, path, options),
      Deno.errors.AlreadyExists,
      `Cannot write ${path}: it exists already, name another file or remove it`,
    );
  }));

Deno.test("exportModel: what can't be exported leaves nothing behind", () =>
  withRun(async ({ base, checkpoint }) => {
    for (const target of [`${base}/mill.gguf`, `${base}/mill`]) {
      await assertRejects(
        () => exportModel(checkpoint, target, { format: "gguf", patterns: PATTERNS }),
        TypeError,
        "it is a character tokenizer",
      );
    }
    await assertRejects(
      () =>
        exportModel(checkpoint, `${base}/x`, {
          format: "safetensors",
          type: "f16",
          patterns: PATTERNS,
        }),
      RangeError,
      "Cannot export safetensors as f16",
    );
    assertEquals((await Array.fromAsync(Deno.readDir(base))).map(({ name }) => name), ["run"]);
  }, charTokenizer("abc").toJson()));

Deno.test("modelCard: a model without a record says so", () => {
  const card = modelCard({ name: "a", config: CONFIG, type: "f32" });
  assertStringIncludes(card, "license: unknown");
  assertStringIncludes(card, "## Data\n\nNot recorded.");
  assertStringIncludes(card, "## Measured\n\nNothing was measured.");
  assert(!card.includes("undefined"));
});
