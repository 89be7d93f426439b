/** `quern train`: from data to a trained model in a run folder. */
import { join } from "@std/path";
import type { Tokenizer } from "../data/mod.ts";
import { Device } from "../kernels/mod.ts";
import { generate, type Gpt } from "../model/mod.ts";
import {
  type EventConsumer,
  LogFile,
  MetricsFile,
  PlotFile,
  ProfileFile,
  SamplesFile,
} from "./consumers/mod.ts";
import { Interrupt } from "./interrupt.ts";
import { openDevice } from "./kernel_choices.ts";
import { describePlan } from "./memory_plan.ts";
import { parseGivenOptions } from "./options.ts";
import { openProgress } from "./progress.ts";
import { firstTokens } from "./prompt.ts";
import { TRAIN_OPTIONS } from "./train_options.ts";
import { describeProgress } from "./train_mixture.ts";
import { keepChoices, tuning } from "./train_tuning.ts";
import { openTrainRun, planTrainRun, type TrainRun } from "./train_run.ts";

export { TRAIN_OPTIONS };

/** Tokens of the samples that a run writes. */
const SAMPLE_TOKENS = 160;

/**
 * Runs `quern train`.
 *
 * @returns the exit code: 0 done, 130 interrupted
 */
export async function train(args: string[]): Promise<number> {
  const given = parseGivenOptions(TRAIN_OPTIONS, args);
  if (given.dryRun) {
    using device = await Device.open();
    const plan = await planTrainRun(device, given);
    console.log(given.json ? JSON.stringify(plan) : describePlan("this model", plan));
    return 0;
  }
  using device = await openDevice();
  if (given.profile) await device.profile(() => {}); // throws here, and not at iteration 4
  using run = await openTrainRun(device, given);
  return await follow(run);
}

/** Trains, and lets the run's files and the terminal follow. */
async function follow(run: TrainRun): Promise<number> {
  const { trainer, tokenizer, rows, options, folder } = run;
  const { model } = trainer;
  const metrics = join(folder, "metrics.jsonl");
  using stack = new DisposableStack();
  const log = stack.use(new LogFile(join(folder, "log.txt")));
  const consumers: EventConsumer[] = [
    log,
    stack.use(new MetricsFile(metrics)),
    stack.use(new SamplesFile(join(folder, "samples.md"))),
    stack.use(new PlotFile(join(folder, "loss.svg"), metrics)),
    stack.use(openProgress(options)),
    stack.use(new ProfileFile(join(folder, "profile.json"), (text) => console.error(text))),
  ];
  using interrupt = new Interrupt(() =>
    console.error("\nFinishing this iteration; Ctrl-C again leaves at once.")
  );
  let interrupted = false;
  let sample = "";
  for await (
    const event of trainer.train({
      batches: rows.batches,
      validation: rows.validation,
      sample: () => writeSample(model, tokenizer, options.seed),
      folder,
      signal: interrupt.signal,
      profile: options.profile,
      ...(run.tunes ? { tuning: tuning(model.device) } : {}),
    })
  ) {
    if (event.type === "tuning") await keepChoices(event.tuning, folder, model.device);
    for (const consumer of consumers) consumer.consume(event);
    if (event.type === "sample") sample = event.text;
    if (event.type === "end") interrupted = event.interrupted;
  }
  const used = rows.progress &&
    describeProgress(rows.progress(trainer.iteration * options.accumulationSteps));
  if (used) log.note(used);
  stack.dispose();
  if (used && !options.json) console.error(used);
  if (interrupted) {
    console.error(`Interrupted and saved. Go on with: deno task train --out ${folder} --resume`);
    return 130;
  }
  if (!options.json) {
    console.log(`${sample && `${sample}\n\n`}The run is in ${folder}. Next:
  deno task generate --from ${folder}
  deno task eval --from ${folder} --data FILE`);
  }
  return 0;
}

async function writeSample(model: Gpt, tokenizer: Tokenizer, seed: number): Promise<string> {
  const ids: number[] = [];
  const options = { tokens: SAMPLE_TOKENS, seed, temperature: 0.8 };
  for await (const id of generate(model, firstTokens(tokenizer), options)) ids.push(id);
  return tokenizer.decode(ids);
}
