import { fetchModel, isHubAddress } from "../data/mod.ts";
import { findCheckpoint } from "../model/mod.ts";
import { newestRun, RUNS_FOLDER } from "./run_folder.ts";
import { UsageError } from "./usage_error.ts";

/** Options of every command that reads a model. */
export const CHECKPOINT_OPTIONS = {
  from: {
    type: "string",
    unit: "DIR",
    defaultHelp: "the newest run",
    help: "Run or checkpoint folder, or a model on Hugging Face's hub: hf:OWNER/NAME[@REVISION].",
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
 * The folder that `--from` names; a model on a hub is fetched into the hub's cache, and its commit
 * told on standard error.
 *
 * @throws {Error} if the hub has no such model, or it can't be fetched
 */
export async function fetchFrom(from: string): Promise<string> {
  if (!isHubAddress(from)) return from;
  const onFile = ({ path, size }: { path: string; size: number }) =>
    console.error(`${from}: ${path}, ${size.toLocaleString("en")} bytes`);
  const { folder, commit } = await fetchModel(from, { onFile });
  console.error(`${from}: commit ${commit}`);
  return folder;
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
  return await findCheckpoint(await fetchFrom(folder), parseCheckpointChoice(checkpoint));
}
