/** A run of `quern finetune` beside the same recipe in PyTorch. */
import { join } from "@std/path";
import { openTask, type Task } from "../../cli/tasks/mod.ts";
import {
  chatTemplate,
  EncoderDecoder,
  type Example,
  type ExampleSet,
  findCheckpoint,
  Gpt,
  PLAIN_CHAT_TEMPLATE,
  readTokenizer,
  type Tokenizer,
} from "../../mod.ts";

/** A run whose examples are read again. */
export interface Run {
  task: Task;
  tokenizer: Tokenizer;
  config: { context: number };
}

/** How a task is compared. */
export interface Comparison {
  /** The recipe in PyTorch, beside this file. */
  script: string;
  /** What the figure is called. */
  name: string;
  /** The rows that PyTorch is asked for once it has trained, or after each pass. */
  asked(run: Run): readonly ArrayLike<number>[];
  /** The figure of the lines of numbers that it answered. */
  score(run: Run, lines: readonly number[][]): number;
  /** The run's own, from its `report.json`. */
  own(report: Record<string, Record<string, number>>): number;
}

/**
 * Trains in PyTorch what a run trained, and prints the figures of both for each seed and as JSON.
 *
 * @param args the run's folder, then seeds for PyTorch; without them the run's
 */
export async function compare(args: readonly string[], comparison: Comparison): Promise<void> {
  const { script, name, asked, score, own } = comparison;
  const [folder, ...others] = args;
  const options = JSON.parse(await Deno.readTextFile(join(folder, "config.json")));
  const seeds: string[] = options.seeds.split(",");
  const folders = seeds.map((seed) => seeds.length === 1 ? folder : join(folder, `seed-${seed}`));
  const run = await openRun(await findCheckpoint(folders[0], "best"), options);
  const examples = join(folder, "examples.json");
  const train = examplesOf(run.task.sets.train).map(({ tokens, targets, source }) => ({
    ...{ tokens: [...tokens], targets: [...targets], ...(source && { source: [...source] }) },
  }));
  await Deno.writeTextFile(
    examples,
    JSON.stringify({
      ...{ config: run.config, recipe: options, train },
      asked: asked(run).map((row) => Array.from(row)),
    }),
  );
  const quern = [];
  for (const each of folders) {
    const report = JSON.parse(await Deno.readTextFile(join(each, "report.json")));
    quern.push({ seed: Number(seeds[quern.length]), figure: own(report) });
  }
  const pytorch = [];
  for (const seed of others.length > 0 ? others : seeds) {
    pytorch.push({
      seed: Number(seed),
      figure: score(run, await inPyTorch([script, examples, seed])),
    });
  }
  for (const [who, figures] of Object.entries({ quern, pytorch })) {
    const mean = figures.reduce((sum, { figure }) => sum + figure, 0) / figures.length;
    const each = figures.map(({ seed, figure }) => `${figure.toFixed(2)} (seed ${seed})`);
    console.log(`${name} ${who.padEnd(8)} mean ${mean.toFixed(2)}: ${each.join(", ")}`);
  }
  console.log(JSON.stringify({ folder, name, quern, pytorch }));
}

/** The examples of a set. */
export function examplesOf(set: ExampleSet): Example[] {
  return Array.from({ length: set.length }, (_, i) => set.at(i));
}

async function openRun(
  folder: string,
  options: Parameters<typeof openTask>[1] & { task: Task["spec"]["name"] },
): Promise<Run> {
  const hasEncoder = await EncoderDecoder.isIn(folder);
  const config = hasEncoder
    ? await EncoderDecoder.readConfig(folder)
    : await Gpt.readConfig(folder);
  const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
  const task = await openTask(options.task, options, {
    ...{ tokenizer, hasEncoder, context: config.context },
    template: chatTemplate(PLAIN_CHAT_TEMPLATE),
  });
  return { task, tokenizer, config };
}

/** The lines of numbers that a script prints. */
async function inPyTorch([script, ...args]: string[]): Promise<number[][]> {
  const { stdout, success } = await new Deno.Command("/usr/bin/python3", {
    args: [new URL(script, import.meta.url).pathname, ...args],
    stderr: "inherit",
    env: { OMP_WAIT_POLICY: "PASSIVE" },
  }).output();
  if (!success) throw new Error(`${script} failed`);
  const lines = new TextDecoder().decode(stdout).split("\n").slice(0, -1);
  return lines.map((line) => line === "" ? [] : line.split(" ").map(Number));
}
