/** One run of `quern finetune`: trains, follows, and measures the best checkpoint. */
import { format } from "@std/fmt/bytes";
import { join } from "@std/path";
import { taskBatches } from "../data/mod.ts";
import type { Device } from "../kernels/mod.ts";
import {
  evaluationReportHtml,
  findCheckpoint,
  listCheckpoints,
  Trainer,
  type TrainingMemory,
  type TrainOptions,
} from "../model/mod.ts";
import { type EventConsumer, LogFile, MetricsFile, PlotFile } from "./consumers/mod.ts";
import type { BaseModel, FinetuneOptions } from "./finetune_model.ts";
import { Interrupt } from "./interrupt.ts";
import { openProgress } from "./progress.ts";
import { readRunKernels } from "./run_folder.ts";
import {
  evaluateTask,
  measureTask,
  type PartName,
  scoreAnswers,
  type Task,
  type TaskNetwork,
  type TaskRows,
} from "./tasks/mod.ts";
import { keepChoices, prepareChoices, tuning } from "./train_tuning.ts";

/** What a run is made of. */
export interface FinetuneInputs {
  base: BaseModel;
  task: Task;
  rows: TaskRows;
  options: FinetuneOptions;
  seed: number;
  folder: string;
}

/** What became of a run. */
export interface Finetuned {
  /** Its figures by name, for the mean over seeds. */
  figures: Record<string, number>;
  interrupted: boolean;
}

/** Fine-tunes with one seed; the folder gets checkpoints, log, curves and a report. */
export async function finetuneOnce(device: Device, inputs: FinetuneInputs): Promise<Finetuned> {
  const { base, task, options, seed, folder } = inputs;
  const settings = trainOptions(inputs);
  const plan = await base.plan(device, task, settings);
  if (!options.json) console.error(describeMemory(plan, base.isAdapted));
  using stack = new DisposableStack();
  // A new run's folder holds no checkpoints.
  const checkpoint = (await listCheckpoints(folder)).at(-1)?.folder;
  const model = stack.use(await base.open(device, task, seed, checkpoint));
  const tunes = await prepareChoices(device, options.tune, await readRunKernels(folder));
  const { interrupted } = await train(model, inputs, settings, { tunes, checkpoint });
  stack.dispose();
  if (interrupted) return { figures: {}, interrupted };
  const best = await findCheckpoint(folder, "best");
  if (base.isAdapted) await copyAdapter(best, join(folder, "adapter"));
  using finished = await base.load(device, best);
  const part = task.sets.test.length > 0 ? "test" : "validation";
  return { figures: await report(finished, inputs, part, best), interrupted };
}

/** The trainer's options: passes over the examples become iterations. */
function trainOptions({ rows, options, seed }: FinetuneInputs): Partial<TrainOptions> {
  const { accumulationSteps, epochs, warmupFraction } = options;
  const perEpoch = Math.max(1, Math.ceil(rows.batches(options) / accumulationSteps));
  const iterations = Math.max(1, Math.round(epochs * perEpoch));
  return {
    ...options,
    ...{ lengths: rows.lengths, context: rows.context, seed, iterations },
    warmupIterations: Math.round(warmupFraction * iterations),
    ...{ decayIterations: iterations, evalInterval: perEpoch },
    ...{ saveInterval: 0, keepCheckpoints: 1, sampleInterval: 0 },
  };
}

/** What training is going to take of the GPU's memory. */
function describeMemory(memory: TrainingMemory, isAdapted: boolean): string {
  const size = (bytes: number) => format(bytes, { binary: true, maximumFractionDigits: 1 });
  const { weights, gradients, moments, activations, scratch, total } = memory;
  const share = (100 * gradients / weights).toFixed(gradients < 0.1 * weights ? 2 : 0);
  return `GPU memory: weights ${size(weights)}, gradients ${size(gradients)}, AdamW's moments ` +
    `${size(moments)}, activations ${size(activations)}, scratch ${size(scratch)}: ${
      size(total)
    }; ` +
    `${share}% of the parameters are trained${
      isAdapted ? `, all of them would take ${size(3 * weights)} of gradients and moments` : ""
    }`;
}

/** Puts the best checkpoint's adapter where PEFT's users look for it. */
async function copyAdapter(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    if (name === "optimizer.safetensors" || name === "trainer.json") continue;
    await Deno.copyFile(join(from, name), join(to, name));
  }
}

async function train(
  model: TaskNetwork,
  { base, task, rows, options, seed, folder }: FinetuneInputs,
  settings: Partial<TrainOptions>,
  { tunes, checkpoint }: { tunes: boolean; checkpoint: string | undefined },
): Promise<{ interrupted: boolean }> {
  using trainer = checkpoint === undefined
    ? await Trainer.create(model, settings)
    : await Trainer.resume(model, checkpoint, settings);
  const start = trainer.iteration * options.accumulationSteps;
  const metrics = join(folder, "metrics.jsonl");
  using stack = new DisposableStack();
  const consumers: EventConsumer[] = [
    stack.use(new LogFile(join(folder, "log.txt"))),
    stack.use(new MetricsFile(metrics)),
    stack.use(new PlotFile(join(folder, "loss.svg"), metrics)),
    stack.use(openProgress(options)),
  ];
  using interrupt = new Interrupt(() =>
    console.error("\nFinishing this iteration; Ctrl-C again leaves at once.")
  );
  let interrupted = false;
  const events = trainer.train({
    batches: taskBatches(task.sets.train, {
      ...rows.options(options),
      order: "shuffled",
      seed,
      start,
    }),
    ...(task.sets.validation.length > 0 && {
      evaluate: async (evaluator) => {
        const part = "validation";
        const measured = await measureTask(evaluator, task, rows, part, options);
        const given = { ...options, tokenizer: base.tokenizer };
        const score = measured.score ?? await scoreAnswers(model, task, part, given);
        const { validationLoss } = measured;
        return { validationLoss, ...(score !== undefined && { score }) };
      },
    }),
    ...{ folder, signal: interrupt.signal },
    ...(tunes && { tuning: tuning(model.device) }),
  });
  for await (const event of events) {
    if (event.type === "tuning") await keepChoices(event.tuning, folder, model.device);
    for (const consumer of consumers) consumer.consume(event);
    if (event.type === "end") interrupted = event.interrupted;
  }
  return { interrupted };
}

/** Measures the best checkpoint, prints it and writes `report.html` and `report.json`. */
async function report(
  model: TaskNetwork,
  { base, task, rows, options, folder, seed }: FinetuneInputs,
  part: PartName,
  checkpoint: string,
): Promise<Record<string, number>> {
  if (task.sets[part].length === 0) return {};
  const about = `${checkpoint}, seed ${seed}: ${task.sets[part].length.toLocaleString("en")} ` +
    `${part} examples.`;
  const { scored, figures } = await evaluateTask(model, task, rows, part, {
    ...options,
    tokenizer: base.tokenizer,
  }, about);
  const baseline = task.told?.baseline?.(part);
  const json = { part, ...figures, ...scored.json };
  await Deno.writeTextFile(join(folder, "report.json"), JSON.stringify(json, null, 2) + "\n");
  await Deno.writeTextFile(join(folder, "report.html"), evaluationReportHtml(scored.report));
  if (options.json) console.log(JSON.stringify({ type: "report", seed, ...json }));
  else console.log([about, ...scored.lines, ...(baseline ? ["", baseline] : [])].join("\n"));
  return figures;
}
