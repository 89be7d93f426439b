import { join } from "@std/path";
import { hasAdapter } from "./adapter.ts";
import { removeFolder } from "./folder.ts";
import { SafetensorsFile } from "./safetensors.ts";
import { hasWeights, refusePickle } from "./tensor_files.ts";

/** A whole checkpoint of a run. */
export interface Checkpoint {
  /** Its path. */
  folder: string;
  /** Iterations done. */
  iteration: number;
  /** Validation loss of its weights in nats a token, where it was measured. */
  validationLoss?: number;
  /** The task's own measure of them, where it has one: the higher the better. */
  score?: number;
}

/** What `trainer.json` of a checkpoint holds. */
export interface TrainerState {
  /** Iterations done. */
  iteration: number;
  /** Validation loss of these weights in nats a token, where it was measured. */
  validationLoss?: number;
  /** The task's own measure of them. */
  score?: number;
  /** Of training in f16: the loss scale, the steps since it last changed, and the updates left out. */
  lossScale?: { scale: number; steps: number; skipped: number };
  /** Validation loss of the best checkpoint so far: of the highest score, or the lowest loss. */
  bestValidationLoss?: number;
  /** Score of that one. */
  bestScore?: number;
  /** Evaluations since that one, all worse. @default 0 */
  worse?: number;
}

/** Which checkpoint of a run: lowest validation loss, newest, or that of an iteration. */
export type CheckpointChoice = "best" | "last" | number;

/** Where a run keeps the checkpoint of an iteration: `checkpoints/step-000500` for 500. */
export function checkpointFolder(runFolder: string, iteration: number): string {
  return join(runFolder, "checkpoints", `step-${String(iteration).padStart(6, "0")}`);
}

/**
 * The whole checkpoints of a run, oldest first; broken ones are left out.
 *
 * A checkpoint is whole if its `trainer.json` tells the folder's iteration, and it has `config.json`
 * and tensors of the length their headers state.
 */
export async function listCheckpoints(runFolder: string): Promise<Checkpoint[]> {
  return (await inspectCheckpoints(runFolder)).checkpoints;
}

/**
 * The folder of the chosen checkpoint of a run. The best is that with the highest score of its task or
 * else the lowest validation loss, the newest where none was measured. A folder that holds a model itself is the answer, as it is.
 *
 * @param folder a run, a checkpoint, or a folder as Hugging Face writes it
 * @throws {Deno.errors.NotFound} if there is no such checkpoint, naming those there
 * @throws {TypeError} if it is a model whose weights are a pickle file
 */
export async function findCheckpoint(folder: string, choice: CheckpointChoice): Promise<string> {
  if (await isModelFolder(folder)) return folder;
  const { checkpoints, broken } = await inspectCheckpoints(folder);
  if (checkpoints.length === 0) {
    await refusePickle(folder);
    throw new Deno.errors.NotFound(
      `Cannot load a model from ${folder}: it must be a run with a whole checkpoint, or hold ` +
        `config.json and model.safetensors; ${
          broken.length > 0 ? broken.join("; ") : "neither is there"
        }`,
    );
  }
  if (choice === "best") return bestOf(checkpoints).folder;
  if (choice === "last") return checkpoints.at(-1)!.folder;
  const found = checkpoints.find(({ iteration }) => iteration === choice);
  if (found) return found.folder;
  throw new Deno.errors.NotFound(
    `Cannot load checkpoint ${choice} of ${folder}: there are ${
      checkpoints.map(({ iteration }) => iteration).join(", ")
    }`,
  );
}

/**
 * Removes all checkpoints of a run but the newest ones and the best.
 *
 * @param keep how many of the newest stay, at least 1
 */
export async function pruneCheckpoints(runFolder: string, keep: number): Promise<void> {
  const checkpoints = await listCheckpoints(runFolder);
  if (checkpoints.length === 0) return;
  const best = bestOf(checkpoints);
  for (const checkpoint of checkpoints.slice(0, -Math.max(1, keep))) {
    if (checkpoint !== best) await removeFolder(checkpoint.folder);
  }
}

/**
 * Reads `trainer.json` of a checkpoint.
 *
 * @throws {SyntaxError} if it is no JSON or says no iteration
 * @throws {Deno.errors.NotFound} if the checkpoint has none
 */
export async function readTrainerState(folder: string): Promise<TrainerState> {
  const path: string = join(folder, "trainer.json");
  const fail = (problem: string): never => {
    throw new SyntaxError(`Cannot read ${path}: ${problem}`);
  };
  const text = await Deno.readTextFile(path);
  let state: TrainerState | null;
  try {
    state = JSON.parse(text);
  } catch (error) {
    return fail(`it is no JSON (${(error as Error).message})`);
  }
  if (!Number.isSafeInteger(state?.iteration) || state!.iteration < 0) {
    fail(`iteration must be a whole number, got ${state?.iteration}`);
  }
  const { iteration, ...losses } = state!;
  for (
    const key of ["validationLoss", "score", "bestValidationLoss", "bestScore", "worse"] as const
  ) {
    if (losses[key] !== undefined && !Number.isFinite(losses[key])) {
      fail(`${key} must be a number or absent, got ${losses[key]}`);
    }
  }
  const { lossScale } = losses;
  if (lossScale && !(lossScale.scale >= 1 && lossScale.steps >= 0 && lossScale.skipped >= 0)) {
    fail(`lossScale must tell scale, steps and skipped, got ${JSON.stringify(lossScale)}`);
  }
  return { iteration, ...losses };
}

function bestOf(checkpoints: readonly Checkpoint[]): Checkpoint {
  const merit = ({ score, validationLoss = Infinity }: Checkpoint) => score ?? -validationLoss;
  const loss = ({ validationLoss = Infinity }: Checkpoint) => validationLoss;
  // Of equal scores the lower loss is better, as training has it; of equal losses alone the newest.
  const isBetter = (one: Checkpoint, best: Checkpoint) =>
    merit(one) !== merit(best)
      ? merit(one) > merit(best)
      : one.score === undefined || loss(one) < loss(best);
  return checkpoints.reduce((best, one) => isBetter(one, best) ? one : best);
}

async function isModelFolder(folder: string): Promise<boolean> {
  const config = await Deno.stat(join(folder, "config.json")).catch(() => undefined);
  return config?.isFile === true && (await hasWeights(folder) || await hasAdapter(folder));
}

/** The whole checkpoints by iteration, and a sentence on each of the others. */
async function inspectCheckpoints(
  runFolder: string,
): Promise<{ checkpoints: Checkpoint[]; broken: string[] }> {
  const parent: string = join(runFolder, "checkpoints");
  const checkpoints: Checkpoint[] = [];
  const broken: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(parent)) {
      const iteration = Number(/^step-(\d+)$/.exec(name)?.[1] ?? NaN);
      if (!isDirectory || Number.isNaN(iteration)) continue;
      try {
        checkpoints.push(await readCheckpoint(join(parent, name), iteration));
      } catch (error) {
        broken.push(`${name} is broken: ${(error as Error).message}`);
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
  checkpoints.sort((a, b) => a.iteration - b.iteration);
  return { checkpoints, broken: broken.sort() };
}

async function readCheckpoint(folder: string, iteration: number): Promise<Checkpoint> {
  const { validationLoss, score, ...state } = await readTrainerState(folder);
  if (state.iteration !== iteration) {
    throw new SyntaxError(`iteration in trainer.json must be ${iteration}, got ${state.iteration}`);
  }
  if (!await isModelFolder(folder)) {
    throw new SyntaxError("config.json and model.safetensors must be there");
  }
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".safetensors")) SafetensorsFile.open(join(folder, name))[Symbol.dispose]();
  }
  return {
    ...{ folder, iteration },
    ...(validationLoss === undefined ? {} : { validationLoss }),
    ...(score === undefined ? {} : { score }),
  };
}
