import { UsageError } from "../usage_error.ts";
import { type Measurement, measureRequest, type Target } from "./request.ts";
import { isServed } from "./report.ts";

const WORDS =
  ("the of and a to in he have it that for they with as not on she at by this we you do " +
    "but from or which one would all will there say who make when can more if no man out other so " +
    "what time up go about than into could state only new year some take come these know see use get " +
    "like then first any work now may such give over think most even find day also after way many")
    .split(" ");
/** Words of the prompt that is counted first. */
const FEW = 4;

/**
 * Makes prompts of about so many tokens, each of other words: two short answers tell how many tokens
 * the server counts for a word and for what stands around a prompt.
 *
 * @param promptTokens tokens of a prompt
 * @param random numbers in [0, 1)
 * @throws {Error} where the server doesn't answer
 */
export async function syntheticPrompts(
  target: Target,
  promptTokens: number,
  random: () => number,
): Promise<() => string> {
  const prompt = (words: number) =>
    Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ");
  const fewTokens = await countTokens(target, prompt(FEW));
  // As if nothing stood around the words, so that these are no more tokens than are wanted.
  const many = Math.max(FEW + 1, Math.floor(promptTokens / (fewTokens / FEW)));
  const manyTokens = await countTokens(target, prompt(many));
  const perWord = Math.max(0.1, (manyTokens - fewTokens) / (many - FEW));
  const around = fewTokens - FEW * perWord;
  return () => prompt(Math.max(1, Math.round((promptTokens - around) / perWord)));
}

/** Tokens of a prompt, as the server counts them. */
async function countTokens(target: Target, prompt: string): Promise<number> {
  return answered(await measureRequest({ ...target, maxTokens: 1 }, prompt)).promptTokens;
}

/**
 * The prompts of a file, a line each, in turn.
 *
 * @throws {UsageError} where it can't be read or is empty
 */
export async function readPrompts(path: string): Promise<(request: number) => string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read --prompts ${path}: ${(error as Error).message}`);
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new UsageError(`Cannot use --prompts ${path}: it holds no line`);
  return (request) => lines[request % lines.length];
}

/** The measurement of a request that must have been answered. */
function answered(measurement: Measurement) {
  if (isServed(measurement)) return measurement;
  throw new Error(
    `Cannot load the server: it must answer a first short request, got ${measurement.failure}` +
      (measurement.detail ? `: ${measurement.detail}` : ""),
  );
}
