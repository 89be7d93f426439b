import { trainBpe } from "../data/mod.ts";
import { Interrupt } from "./interrupt.ts";
import type { OptionValues } from "./options.ts";
import { readRawText } from "./raw_text.ts";
import type { TRAIN_TOKENIZER_OPTIONS } from "./tokenizer_options.ts";
import { UsageError } from "./usage_error.ts";

/** Time between two lines of progress, in milliseconds. */
const REPORT_MS = 2_000;

/**
 * Runs `quern tokenizer train`.
 *
 * @returns the exit code: 0 done, 130 interrupted
 */
export async function trainTokenizer(
  options: OptionValues<typeof TRAIN_TOKENIZER_OPTIONS>,
): Promise<number> {
  if (options.data.length === 0) throw new UsageError("tokenizer train needs --data SOURCE.");
  using interrupt = new Interrupt(() => console.error("\nStopping."));
  const number = (value: number) => value.toLocaleString("en");
  let reportMs = performance.now();
  try {
    const trained = await trainBpe(await readRawText(options.data, options), {
      vocabularySize: options.vocabularySize,
      pattern: options.pattern,
      specialTokens: options.specialToken,
      minFrequency: options.minFrequency,
      maxMemoryBytes: options.maxMemoryBytes,
      signal: interrupt.signal,
      onProgress({ phase, characters, tokens }) {
        if (performance.now() - reportMs < REPORT_MS) return;
        reportMs = performance.now();
        console.error(
          phase === "count"
            ? `reading: ${number(characters)} characters`
            : `merging: ${number(tokens)} of ${number(options.vocabularySize)} tokens`,
        );
      },
    });
    await writeWhole(options.out, JSON.stringify(trained.json) + "\n");
    console.log(
      `${number(trained.vocabularySize)} tokens from ${number(trained.characters)} characters, ${
        number(trained.preTokens)
      } different pieces.`,
    );
    if (trained.leftOut > 0) {
      console.log(
        `${number(trained.leftOut)} rare pieces (${
          number(trained.leftOutOccurrences)
        } occurrences) found no room; --max-memory-bytes gives more.`,
      );
    }
    if (trained.vocabularySize < options.vocabularySize) {
      console.log(
        "No pair was frequent enough for more tokens; --min-frequency allows rarer ones.",
      );
    }
    console.log(`The tokenizer is in ${options.out}. Next:
  deno task quern tokenizer inspect --tokenizer ${options.out} --data ${options.data[0]}`);
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.error("Interrupted; nothing was written.");
    return 130;
  }
}

/** Writes beside and renames, so that a file of that name is a whole one. */
async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.partial`;
  await Deno.writeTextFile(beside, text);
  await Deno.rename(beside, path);
}
