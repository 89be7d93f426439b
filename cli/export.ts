/** `quern export`: writes a model for other programs; needs no GPU. */
import { PATTERNS } from "../data/mod.ts";
import { exportModel } from "../model/mod.ts";
import { CHECKPOINT_OPTIONS, openModelFolder } from "./checkpoint_options.ts";
import { defineOptions, JSON_OPTION, parseOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/** Options of `quern export`. */
export const EXPORT_OPTIONS = defineOptions({
  ...CHECKPOINT_OPTIONS,
  out: {
    type: "string",
    unit: "PATH",
    help: "Folder to write, with a model card; or, for gguf, a file that ends in .gguf.",
  },
  format: {
    type: "string",
    unit: "NAME",
    choices: ["safetensors", "gguf"],
    default: "safetensors",
    help: "What Hugging Face's transformers opens, or what llama.cpp runs.",
  },
  type: {
    type: "string",
    unit: "NAME",
    choices: ["f32", "f16", "q8_0"],
    default: "f32",
    help: "How numbers are stored; f16 and q8_0 are for gguf.",
  },
  name: { type: "string", unit: "TEXT", defaultHelp: "that of --out", help: "The model's name." },
  license: {
    type: "string",
    unit: "SPDX",
    default: "unknown",
    help: "Licence field of the model card.",
  },
  ...JSON_OPTION,
});

/** Runs `quern export`. */
export async function exportCommand(args: string[]): Promise<number> {
  const options = parseOptions(EXPORT_OPTIONS, args);
  const { out, format, type } = options;
  if (out === undefined) throw new UsageError("export needs a place to write: --out PATH.");
  if (format === "safetensors" && (type !== "f32" || out.endsWith(".gguf"))) {
    throw new UsageError(
      `--format safetensors writes a folder of f32, got ${
        out.endsWith(".gguf") ? `--out ${out}` : `--type ${type}`
      }. Add --format gguf.`,
    );
  }
  const folder = await openModelFolder(options);
  const files = await exportModel(folder, out, { ...options, patterns: PATTERNS });
  const sized = await Promise.all(
    files.map(async (path) => ({ path, bytes: (await Deno.stat(path)).size })),
  );
  console.log(
    options.json
      ? JSON.stringify({ from: folder, files: sized })
      : sized.map(({ path, bytes }) => `${path}  ${bytes.toLocaleString("en")} bytes`).join("\n"),
  );
  return 0;
}
