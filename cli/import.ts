/** `quern import DIR`: checks a model's folder and says what it is; needs no GPU. */
import { inspectModel, type ModelFacts } from "../model/mod.ts";
import { CHECKPOINT_OPTIONS, openModelFolder } from "./checkpoint_options.ts";
import { defineOptions, JSON_OPTION, parseOptions } from "./options.ts";

/** Options of `quern import`. */
export const IMPORT_OPTIONS = defineOptions({ ...CHECKPOINT_OPTIONS, ...JSON_OPTION });

/** Runs `quern import`; the folder may stand without `--from`. */
export async function importCommand(args: string[]): Promise<number> {
  const [first, ...rest] = args;
  const named = first !== undefined && !first.startsWith("-") ? [`--from=${first}`, ...rest] : args;
  const options = parseOptions(IMPORT_OPTIONS, named);
  const facts = await inspectModel(await openModelFolder(options));
  const { tokenizer: _, ...told } = facts;
  console.log(options.json ? JSON.stringify(told) : describe(facts));
  return 0;
}

function describe(facts: ModelFacts): string {
  const { folder, config, parameters, types, isSharded, tokenizerKind } = facts;
  const rows: [string, string][] = [
    ["folder", folder],
    ["model", `GPT-2, ${config.layers} layers, ${config.heads} heads, ${config.channels} channels`],
    ["context", `${config.context} tokens`],
    ["vocabulary", `${config.vocabularySize} tokens`],
    ["parameters", parameters.toLocaleString("en")],
    ["weights", `${types.join(", ")}${isSharded ? " in shards" : ""}`],
    ["output layer", config.tie ? "tied to the embedding" : "its own"],
    ["biases", config.bias ? "yes" : "no"],
    ["tokenizer", tokenizerKind ?? "none"],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
