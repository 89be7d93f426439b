import { basename, dirname, join } from "@std/path";
import { readTrainerState } from "../checkpoint/mod.ts";
import { readJson } from "./inspect.ts";
import type { CardFacts, CardSource } from "./model_card.ts";

/** What a run's own files say of a checkpoint. */
export type RunRecord = Pick<CardFacts, "recipe" | "data" | "iteration" | "losses">;

/**
 * Reads what is known of how a checkpoint was made: the run's `config.json` and `data.json`, its
 * `metrics.jsonl`, and the checkpoint's `trainer.json`. What is not there is left out.
 *
 * @param folder the checkpoint; a folder from elsewhere has no record
 */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const state = await readTrainerState(folder).catch(() => undefined);
  const run: string = dirname(dirname(folder));
  if (state === undefined || basename(dirname(folder)) !== "checkpoints") return {};
  const { iteration, validationLoss } = state;
  const json = (name: string) => readJson(join(run, name)).catch(() => undefined);
  const data = await json("data.json");
  const train = await lossOf(join(run, "metrics.jsonl"), iteration);
  return {
    iteration,
    recipe: await json("config.json"),
    ...(Array.isArray(data) && { data: data as CardSource[] }),
    losses: {
      ...(train !== undefined && { train }),
      ...(validationLoss !== undefined && { validation: validationLoss }),
    },
  };
}

/** Training loss of an iteration; of a repeated one the later line counts. */
async function lossOf(path: string, iteration: number): Promise<number | undefined> {
  const text = await Deno.readTextFile(path).catch(() => "");
  const line = text.split("\n").findLast((each) =>
    each.startsWith(`{"iteration":${iteration},"loss":`)
  );
  try {
    return line === undefined ? undefined : JSON.parse(line).loss;
  } catch {
    return undefined; // a line that a kill cut short
  }
}
