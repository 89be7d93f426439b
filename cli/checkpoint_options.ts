import { findCheckpoint } from "../model/mod.ts";
import { newestRun, RUNS_FOLDER } from "./run_folder.ts";
import { UsageError } from "./usage_error.ts";

/** Options of every command that reads a model. */
export const CHECKPOINT_OPTIONS = {
  from: {
    type: "string",
    unit: "DIR",
    defaultHelp: "the newest run",
    help: "Run or checkpoint folder.",
  },
  checkpoint: {
    type: "string",
    unit: "NAME",
    default: "best",
    help: "Which checkpoint of a run: last, best (by validation loss) or an iteration.",
  },
} as const;

/**
 * Reads the value of `--checkpoint`.
 *
 * @throws {UsageError} if it is neither `last` nor `best` nor an iteration
 */
export function parseCheckpointChoice(text: string): "last" | "best" | number {
  if (text === "last" || text === "best") return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--checkpoint must be last, best or an iteration, got "${text}".`);
}

/**
 * The folder of the model that a command's options name.
 *
 * @throws {Error} if there is no such run or checkpoint
 */
export async function openModelFolder(
  { from, checkpoint }: { from?: string; checkpoint: string },
): Promise<string> {
  const folder = from ?? await newestRun();
  if (folder === undefined) {
    throw new Error(
      `Cannot find a model: ${RUNS_FOLDER}/ holds no run. Train one with \`deno task train\`, or name a folder with --from.`,
    );
  }
  return await findCheckpoint(folder, parseCheckpointChoice(checkpoint));
}
