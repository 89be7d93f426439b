/**
 * The command line: `quern COMMAND [options]`.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but parts were skipped, 130 interrupted.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import { columns, helpText } from "./help.ts";
import { nameFlags, type OptionTable } from "./options.ts";
import { didYouMean, UsageError } from "./usage_error.ts";

interface Command {
  name: string;
  summary: string;
  /** Loads the command's code when it is called; `run` gives the exit code. */
  load(): Promise<{ options: OptionTable; run(args: string[]): Promise<number> }>;
}

const COMMANDS: readonly Command[] = [
  {
    name: "train",
    summary: "train a GPT on text",
    load: async () => {
      const { train, TRAIN_OPTIONS } = await import("./train.ts");
      return { options: TRAIN_OPTIONS, run: train };
    },
  },
  {
    name: "finetune",
    summary: "teach a model a task: classes, entities, translation, chat",
    load: async () => {
      const { finetune, FINETUNE_OPTIONS } = await import("./finetune.ts");
      return { options: FINETUNE_OPTIONS, run: finetune };
    },
  },
  {
    name: "prepare",
    summary: "make packed shards of raw corpora",
    load: async () => {
      const { prepare, PREPARE_OPTIONS } = await import("./prepare.ts");
      return { options: PREPARE_OPTIONS, run: prepare };
    },
  },
  {
    name: "generate",
    summary: "continue a prompt with a trained model",
    load: async () => {
      const { generate, GENERATE_OPTIONS } = await import("./generate.ts");
      return { options: GENERATE_OPTIONS, run: generate };
    },
  },
  {
    name: "translate",
    summary: "translate lines with an encoder–decoder",
    load: async () => {
      const { translate, TRANSLATE_OPTIONS } = await import("./translate.ts");
      return { options: TRANSLATE_OPTIONS, run: translate };
    },
  },
  {
    name: "chat",
    summary: "talk to a model in the terminal",
    load: async () => {
      const { chat, CHAT_OPTIONS } = await import("./chat.ts");
      return { options: CHAT_OPTIONS, run: chat };
    },
  },
  {
    name: "eval",
    summary: "measure a model's loss on text, or score outputs",
    load: async () => {
      const { evaluate, EVAL_OPTIONS } = await import("./eval.ts");
      return { options: EVAL_OPTIONS, run: evaluate };
    },
  },
  {
    name: "serve",
    summary: "answer OpenAI's API with one or more models",
    load: async () => {
      const { serve, SERVE_OPTIONS } = await import("./serve.ts");
      return { options: SERVE_OPTIONS, run: serve };
    },
  },
  {
    name: "bench",
    summary: "time every op and whole steps on this adapter",
    load: async () => {
      const { bench, BENCH_OPTIONS } = await import("./bench.ts");
      return { options: BENCH_OPTIONS, run: bench };
    },
  },
  {
    name: "bench-serve",
    summary: "put load on a server with OpenAI's API and take the times",
    load: async () => {
      const { benchServe, BENCH_SERVE_OPTIONS } = await import("./bench_serve.ts");
      return { options: BENCH_SERVE_OPTIONS, run: benchServe };
    },
  },
  {
    name: "export",
    summary: "write a model for llama.cpp or Hugging Face's transformers",
    load: async () => {
      const { exportCommand, EXPORT_OPTIONS } = await import("./export.ts");
      return { options: EXPORT_OPTIONS, run: exportCommand };
    },
  },
  {
    name: "import",
    summary: "check a model's folder and say what it is",
    load: async () => {
      const { importCommand, IMPORT_OPTIONS } = await import("./import.ts");
      return { options: IMPORT_OPTIONS, run: importCommand };
    },
  },
  {
    name: "tokenizer",
    summary: "train a tokenizer, use it, look at it: train, encode, decode, inspect",
    load: async () => {
      const { tokenizer, TOKENIZER_OPTIONS } = await import("./tokenizer.ts");
      return { options: TOKENIZER_OPTIONS, run: tokenizer };
    },
  },
  {
    name: "doctor",
    summary: "look at the GPU, its driver and its speed",
    load: async () => {
      const { doctor, DOCTOR_OPTIONS } = await import("./doctor.ts");
      return { options: DOCTOR_OPTIONS, run: doctor };
    },
  },
];

const isHelp = (arg: string | undefined) => arg === "--help" || arg === "-h";

/**
 * Runs a command line and gives its exit code; errors become one sentence on standard error.
 *
 * @param args what follows the program's name
 */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  let table: OptionTable = {};
  try {
    if (name === undefined || isHelp(name)) console.log(overview());
    else if (name === "--version") console.log(manifest.version);
    else {
      const command = findCommand(name);
      const { options, run } = await command.load();
      table = options;
      if (!rest.some(isHelp)) return await run(rest);
      console.log(helpText(command, options));
    }
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : `${error}`;
    console.error(`quern: ${nameFlags(message, table)}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name);
  if (command) return command;
  const hint = didYouMean(name, COMMANDS.map((each) => each.name));
  throw new UsageError(`Unknown command "${name}".${hint} quern --help lists all commands.`);
}

function overview(): string {
  const rows = COMMANDS.map(({ name, summary }): [string, string] => [name, summary]);
  return [
    "quern: train, run and measure GPTs on WebGPU",
    "",
    "Usage: quern COMMAND [options]    (or: deno task quern COMMAND [options])",
    "",
    "Commands:",
    columns(rows),
    "",
    "quern COMMAND --help lists a command's options; quern --version prints the version.",
  ].join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
