import { basename, join } from "@std/path";
import { configToHuggingFace, WeightsFile, writeFolder, writeWeights } from "../checkpoint/mod.ts";
import { writeGguf } from "./gguf.ts";
import type { GgufTensorType } from "./gguf_format.ts";
import type { TokenizerPatterns } from "./gguf_tokenizer.ts";
import { inspectModel, type ModelFacts } from "./inspect.ts";
import { modelCard } from "./model_card.ts";
import { readRunRecord } from "./run_record.ts";

/** Options of {@linkcode exportModel}. */
export interface ExportOptions {
  /** A folder that Hugging Face's transformers opens, or a file that llama.cpp runs. */
  format: "safetensors" | "gguf";
  /** How numbers are stored; safetensors are f32. @default "f32" */
  type?: GgufTensorType;
  /** The model's name. @default that of what it is exported to */
  name?: string;
  /** Licence for the model card: an SPDX identifier. @default "unknown" */
  license?: string;
  /** The pre-token patterns that tokenizers have by name. */
  patterns: TokenizerPatterns;
}

/** Files beside the weights that belong to a tokenizer and its chats. */
const COMPANIONS = [
  "tokenizer_config.json",
  "special_tokens_map.json",
  "generation_config.json",
  "chat_template.jinja",
];

/** Names that the token between documents goes by. */
const END_OF_TEXT = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>"];

/**
 * Exports a model's folder without a GPU: as a folder of safetensors with a model card, as a GGUF
 * file, or, where the target's name does not end in `.gguf`, as a folder of that file and a card.
 * The target appears whole or not at all.
 *
 * @param folder a checkpoint, or a folder as Hugging Face writes it
 * @returns the files written
 * @throws {RangeError} where safetensors are to be of another type than f32
 * @throws {TypeError} where the tokenizer is none that llama.cpp has for GPT-2
 * @throws {Deno.errors.AlreadyExists} if there is something of that name already
 */
export async function exportModel(
  folder: string,
  target: string,
  options: ExportOptions,
): Promise<string[]> {
  const { format, type = "f32", patterns } = options;
  if (format === "safetensors" && type !== "f32") {
    throw new RangeError(
      `Cannot export safetensors as ${type}: they are f32 here; export gguf, or leave --type out`,
    );
  }
  const facts = await inspectModel(folder);
  const name = options.name ?? basename(target).replace(/\.gguf$/, "");
  using weights = await WeightsFile.open(folder, facts.config);
  const writeFile = async (path: string) => {
    if (!facts.tokenizer) {
      throw new TypeError(`Cannot export ${folder} to GGUF: it has no tokenizer.json`);
    }
    const { tokenizer } = facts;
    await writeGguf(path, facts.config, (each) => weights.read(each), {
      ...{ type, name, tokenizer, patterns },
    });
  };
  if (format === "gguf" && target.endsWith(".gguf")) {
    await writeOneFile(target, writeFile);
    return [target];
  }
  const names: string[] = [];
  await writeFolder(target, async (temporary) => {
    const put = async (name: string, write: (path: string) => Promise<void>) => {
      await write(join(temporary, name));
      names.push(join(target, name));
    };
    if (format === "gguf") await put("model.gguf", writeFile);
    else {
      await put(
        "model.safetensors",
        (path) => writeWeights(path, facts.config, (name) => weights.read(name)),
      );
      for (const [name, text] of await textFiles(folder, facts)) {
        await put(name, (path) => Deno.writeTextFile(path, text));
      }
    }
    const card = modelCard({
      ...await readRunRecord(folder),
      ...{ name, config: facts.config, format, type, license: options.license },
      tokenizer: facts.tokenizerKind,
    });
    await put("README.md", (path) => Deno.writeTextFile(path, card));
  });
  return names;
}

/** The configuration and the tokenizer, with what transformers needs to open them. */
async function textFiles(folder: string, facts: ModelFacts): Promise<[string, string][]> {
  const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n";
  const added = (facts.tokenizer?.added_tokens ?? []) as { id: number; content: string }[];
  const end = added.find(({ content }) => END_OF_TEXT.includes(content));
  const files: [string, string][] = [
    ["config.json", json(configToHuggingFace(facts.config, { endOfTextId: end?.id }))],
  ];
  if (facts.tokenizer) {
    files.push(["tokenizer.json", json(facts.tokenizer)]);
    files.push([
      "tokenizer_config.json",
      json({
        tokenizer_class: "PreTrainedTokenizerFast",
        model_max_length: facts.config.context,
        clean_up_tokenization_spaces: false,
        ...(end && { bos_token: end.content, eos_token: end.content }),
      }),
    ]);
  }
  for (const name of COMPANIONS) {
    const text = await Deno.readTextFile(join(folder, name)).catch(() => undefined);
    if (text === undefined) continue;
    const own = files.findIndex(([each]) => each === name);
    files.splice(own < 0 ? files.length : own, own < 0 ? 0 : 1, [name, text]);
  }
  return files;
}

async function writeOneFile(target: string, write: (path: string) => Promise<void>): Promise<void> {
  if (await Deno.lstat(target).then(() => true, () => false)) {
    throw new Deno.errors.AlreadyExists(
      `Cannot write ${target}: it exists already, name another file or remove it`,
    );
  }
  const partial = `${target}.partial`;
  try {
    await write(partial);
    await Deno.rename(partial, target);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}
