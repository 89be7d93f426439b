import { join } from "@std/path";
import {
  AdapterFile,
  configFromHuggingFace,
  hasAdapter,
  parameterShapes,
  TensorFiles,
  WeightsFile,
} from "../checkpoint/mod.ts";
import type { GptConfig } from "../config.ts";

/** What a model's folder is. */
export interface ModelFacts {
  /** Its path. */
  folder: string;
  /** Its shape. */
  config: GptConfig;
  /** Number of weights; a tied output layer counts once. */
  parameters: number;
  /** Types of its tensors, as safetensors names them. */
  types: string[];
  /** Whether its weights are in several files. */
  isSharded: boolean;
  /** The content of its `tokenizer.json`, if it has one. */
  tokenizer?: Record<string, unknown>;
  /** What that one is, such as `BPE of 50257 tokens`. */
  tokenizerKind?: string;
}

/**
 * Checks a folder as Hugging Face writes it for GPT-2 and tells what it is. Headers, names, shapes and
 * sizes are checked; no weights are read but biases that must be zero.
 *
 * @throws {Error} naming the file and what is wrong with it
 */
export async function inspectModel(folder: string): Promise<ModelFacts> {
  const path: string = join(folder, "config.json");
  const config = configFromHuggingFace(await readJson(path), path);
  using _checked = await WeightsFile.open(folder, config);
  using files = await TensorFiles.open(await weightsFolder(folder));
  const tokenizer = await readJson(join(folder, "tokenizer.json")).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  const shapes = parameterShapes(config);
  return {
    ...{ folder, config },
    parameters: shapes.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0),
    types: [...new Set([...files.tensors.values()].map(({ dtype }) => dtype))].sort(),
    isSharded: files.path.endsWith(".index.json"),
    ...(tokenizer && { tokenizer, tokenizerKind: kindOf(tokenizer) }),
  };
}

/** Where most of a model's weights are: of an adapter's folder that of its base. */
async function weightsFolder(folder: string): Promise<string> {
  if (!await hasAdapter(folder)) return folder;
  using adapter = await AdapterFile.open(folder);
  return adapter.base;
}

function kindOf({ model, added_tokens: added }: Record<string, unknown>): string {
  const { type = "unknown", vocab } = Object(model) as { type?: string; vocab?: object };
  const known = Array.isArray(vocab) ? vocab.length : Object.keys(vocab ?? {}).length;
  const tokens = (Array.isArray(vocab) ? [] : Object.values(vocab ?? {})) as number[];
  const ids = new Set(tokens);
  const more = (Array.isArray(added) ? added as { id: number }[] : []).filter(({ id }) =>
    !ids.has(id)
  );
  return `${type} of ${known + more.length} tokens`;
}

/**
 * Reads a file of JSON.
 *
 * @throws {SyntaxError} if it is none
 * @throws {Deno.errors.NotFound} if there is no such file
 */
export async function readJson(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`Cannot read ${path}: there is no such file`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is no JSON (${(error as Error).message})`);
  }
}
