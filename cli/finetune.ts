/** `quern finetune`: from examples of a task to a model that does it. */
import { join } from "@std/path";
import { describeExample } from "../data/mod.ts";
import { findBase, type FinetuneOptions } from "./finetune_model.ts";
import { FINETUNE_OPTIONS } from "./finetune_options.ts";
import { finetuneOnce } from "./finetune_run.ts";
import { openDevice } from "./kernel_choices.ts";
import { parseOptions } from "./options.ts";
import { createRun, discardRun, readRunConfig } from "./run_folder.ts";
import { describeRows, openTask, planRows } from "./tasks/mod.ts";
import { UsageError } from "./usage_error.ts";

export { FINETUNE_OPTIONS };

/** Examples that a dry run shows. */
const SHOWN = 10;

/**
 * Runs `quern finetune`.
 *
 * @returns the exit code: 0 done, 130 interrupted
 */
export async function finetune(args: string[]): Promise<number> {
  const options = readOptions(args);
  const { json } = options;
  const seeds = seedsOf(options.seeds);
  const base = await findBase(options);
  const { tokenizer, template, context, hasEncoder } = base;
  const model = { tokenizer, template, context, hasEncoder };
  const task = await openTask(options.task, options, model);
  const rows = planRows(task, context, hasEncoder ? 8 : 16);
  const tell = (line: string) => json || console.error(line);
  task.notes.forEach(tell);
  tell(describeRows(task, rows, options));
  if (options.dryRun) {
    const { train } = task.sets;
    for (let i = 0; i < Math.min(SHOWN, train.length); i++) {
      console.log(describeExample(train.at(i), tokenizer, task.labels) + "\n");
    }
    return 0;
  }
  using device = await openDevice();
  const folder = await openRun(options);
  try {
    const all: Record<string, number>[] = [];
    for (const seed of seeds) {
      const own = seeds.length === 1 ? folder : join(folder, `seed-${seed}`);
      await Deno.mkdir(own, { recursive: true });
      const inputs = { base, task, rows, options, seed, folder: own };
      const { figures, interrupted } = await finetuneOnce(device, inputs);
      if (interrupted) {
        console.error(
          `Interrupted and saved. Go on with the same flags and --out ${folder} --resume`,
        );
        return 130;
      }
      all.push(figures);
    }
    if (seeds.length > 1) {
      const figures = spreadOf(all);
      const summary = JSON.stringify({ seeds, figures, each: all }, null, 2) + "\n";
      await Deno.writeTextFile(join(folder, "seeds.json"), summary);
      console.log(json ? JSON.stringify({ type: "seeds", seeds, figures }) : describe(figures));
    }
    tell(`The run is in ${folder}. Next: ${nextStep(options, join(folder, "."), seeds)}`);
    return 0;
  } catch (error) {
    const began = await Deno.stat(join(folder, "log.txt")).then(() => true, () => false);
    if (!began) await discardRun(folder);
    throw error;
  }
}

function readOptions(args: string[]): FinetuneOptions {
  const { task, ...options } = parseOptions(FINETUNE_OPTIONS, args);
  if (task === undefined) throw new UsageError("finetune needs a task: --task classify, tag, …");
  if (options.data.length === 0) {
    throw new UsageError("finetune needs examples: name them with --data FILE.");
  }
  return { ...options, task };
}

/**
 * Makes the folder of a new run, or finds that of one that goes on.
 *
 * @throws {UsageError} if that one began with other flags
 */
async function openRun(options: FinetuneOptions): Promise<string> {
  const { dryRun: _, json: __, resume, ...settings } = options;
  const { out } = options;
  if (!resume) return await createRun(out, settings);
  if (out === undefined) {
    throw new UsageError("--resume needs the run: name its folder with --out.");
  }
  const saved = await readRunConfig(out);
  if (saved === undefined) return await createRun(out, settings);
  const text = (value: unknown) => JSON.stringify(value) ?? "not given";
  const differing = Object.entries(settings).find(([name, value]) =>
    text(value) !== text(saved[name])
  );
  if (!differing) return out;
  const [name, value] = differing;
  throw new UsageError(
    `Cannot resume ${out}: ${name} was ${text(saved[name])} and is ${text(value)} now; give the ` +
      "flags that the run began with.",
  );
}

function seedsOf(text: string): number[] {
  const seeds = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)) return [...new Set(seeds)];
  throw new UsageError(`--seeds must be whole numbers between commas, as 1,2,3, got "${text}".`);
}

/** Mean of a figure over seeds, and the standard deviation of one seed's. */
interface Spread {
  mean: number;
  deviation: number;
}

function spreadOf(all: readonly Record<string, number>[]): Record<string, Spread> {
  const names = Object.keys(all[0]);
  return Object.fromEntries(names.map((name) => {
    const values = all.map((figures) => figures[name]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return [name, { mean, deviation: Math.sqrt(squares / (values.length - 1)) }];
  }));
}

function describe(figures: Record<string, Spread>): string {
  const width = Math.max(...Object.keys(figures).map(({ length }) => length));
  return Object.entries(figures).map(([name, { mean, deviation }]) =>
    `${name.padEnd(width)}  ${mean.toFixed(4)} ± ${deviation.toFixed(4)}`
  ).join("\n");
}

function nextStep(
  { task, architecture }: FinetuneOptions,
  folder: string,
  seeds: readonly number[],
): string {
  const from = seeds.length === 1 ? folder : join(folder, `seed-${seeds[0]}`);
  if (architecture === "encoder-decoder") return `deno task quern translate --from ${from}`;
  if (task === "chat") return `deno task chat --from ${from}`;
  if (task === "text") return `deno task generate --from ${from}`;
  return `deno task eval --task ${task} --from ${from} --data FILE`;
}
