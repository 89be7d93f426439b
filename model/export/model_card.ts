import type { GptConfig } from "../config.ts";

/** A file that a model learned from. */
export interface CardSource {
  /** As it was named. */
  path: string;
  /** Of its bytes, in hexadecimal. */
  sha256: string;
}

/** What is known of a model and how it was made. */
export interface CardFacts {
  /** Its name. */
  name: string;
  /** Its shape. */
  config: GptConfig;
  /** What its `tokenizer.json` is, in words. */
  tokenizer?: string;
  /** SPDX identifier, or `unknown`. @default "unknown" */
  license?: string;
  /** Every option of the run that made it. */
  recipe?: Readonly<Record<string, unknown>>;
  /** What it learned from. */
  data?: readonly CardSource[];
  /** Iterations done. */
  iteration?: number;
  /** Losses in nats a token, of training and of validation. */
  losses?: { train?: number; validation?: number };
  /** What it is written as. @default "safetensors" */
  format?: "safetensors" | "gguf";
  /** How its numbers are stored, such as `q8_0`. */
  type: string;
}

/** Options of a run that say nothing of the model. */
const UNTOLD = new Set(["data", "valData", "out", "json", "resume", "keep", "sample", "config"]);

/** A model card in Markdown, with the front matter that Hugging Face's hub reads. */
export function modelCard(facts: CardFacts): string {
  const { name, config, license = "unknown", recipe, data = [], losses = {}, iteration } = facts;
  const { format = "safetensors" } = facts;
  const shape = [
    ["layers", config.layers],
    ["heads", config.heads],
    ["channels", config.channels],
    ["context", `${config.context} tokens`],
    [
      "vocabulary",
      `${config.vocabularySize} tokens${facts.tokenizer ? `, ${facts.tokenizer}` : ""}`,
    ],
    ["biases", config.bias ? "yes" : "no (zeros in the file)"],
    ["output layer", config.tie ? "tied to the embedding" : "its own"],
    ["numbers", facts.type],
  ] as const;
  const measured = [
    ["iterations", iteration],
    ["training loss, nats a token", losses.train?.toFixed(4)],
    ["validation loss, nats a token", losses.validation?.toFixed(4)],
    ["validation perplexity", losses.validation && Math.exp(losses.validation).toFixed(2)],
  ].filter(([, value]) => value !== undefined) as [string, unknown][];
  const settings = Object.entries(recipe ?? {})
    .filter(([key, value]) => !UNTOLD.has(key) && value !== undefined && value !== null);
  return [
    "---",
    `license: ${license}`,
    ...(format === "safetensors" ? ["library_name: transformers"] : []),
    "pipeline_tag: text-generation",
    "tags:",
    "  - gpt2",
    "  - quern",
    "---",
    "",
    `# ${name}`,
    "",
    `A GPT-2${recipe ? " trained with Quern" : ""}. ${
      format === "gguf"
        ? "llama.cpp runs `model.gguf`."
        : "`GPT2LMHeadModel` of transformers opens it."
    }`,
    "",
    table(shape),
    "",
    "## Data",
    "",
    data.length > 0
      ? table(data.map(({ path, sha256 }) => [`\`${path}\``, `sha256 \`${sha256}\``]))
      : "Not recorded.",
    "",
    "## Measured",
    "",
    measured.length > 0 ? table(measured) : "Nothing was measured.",
    "",
    "## Recipe",
    "",
    settings.length > 0
      ? table(settings.map(([key, value]) => [key, `\`${cell(value)}\``]))
      : "Not recorded.",
    "",
    "## Limits",
    "",
    `It knows what stands in its data and nothing else; it looks back ${config.context} tokens at ` +
    "most. What it writes may be wrong, and may repeat its data word for word. It was not taught to " +
    "refuse anything.",
    "",
  ].join("\n");
}

function table(rows: readonly (readonly [string, unknown])[]): string {
  return ["| | |", "| --- | --- |", ...rows.map(([key, value]) => `| ${key} | ${value} |`)].join(
    "\n",
  );
}

/** A value in a cell of a table. */
function cell(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
