import {
  pairEncoder,
  readPairs,
  sourceIds,
  splitByKey,
  type TextPair,
  TRANSLATION_PROMPT,
  translationEncoder,
  translationPrompt,
} from "../../data/mod.ts";
import { type BleuTokenizer, scoreBleu } from "../../model/mod.ts";
import { reportTexts } from "../score_reports.ts";
import {
  encodeParts,
  type Parts,
  readParts,
  tableFormat,
  type Task,
  type TaskModel,
  type TaskOptions,
} from "./task.ts";

/** The pairs of all parts; those of one source stay on one side of a split. */
export function readPairParts(options: TaskOptions, notes: string[]): Promise<Parts<TextPair[]>> {
  return readParts<TextPair>(options, {
    open: (path) => readPairs(path, { ...options, format: tableFormat(options) }),
    split: (examples, validationFraction, salt) =>
      splitByKey(examples, ({ source }) => source, { validationFraction, salt }),
  }, notes);
}

/** Translation: by a prompt, or of what an encoder reads. */
export async function translateTask(
  options: TaskOptions & { bleuTokenizer: BleuTokenizer },
  { tokenizer, context, hasEncoder = false }: TaskModel,
): Promise<Task> {
  const { prompt = TRANSLATION_PROMPT, bleuTokenizer, onLong } = options;
  const notes: string[] = [];
  const parts = await readPairParts(options, notes);
  const sets = encodeParts(
    parts,
    hasEncoder
      ? pairEncoder({ tokenizer, context, onLong })
      : translationEncoder({ tokenizer, context, onLong, prompt }),
    notes,
  );
  const ask = (source: string) =>
    hasEncoder ? sourceIds(tokenizer, source) : tokenizer.encode(translationPrompt(source, prompt));
  return {
    spec: { name: "translate", prompt },
    ...{ sets, notes },
    asked: {
      prompts: (part) => sourcesOf(parts[part]).map(ask),
      stop: ["\n"],
      score(part, chosen, answers) {
        const { references } = askedOf(parts[part], chosen);
        return scoreBleu(references, answers, { tokenizer: bleuTokenizer, resamples: 1 }).score;
      },
      report(part, chosen, answers, about) {
        return reportTexts({
          ...{ ...askedOf(parts[part], chosen), predictions: [...answers], about },
          ...{ tokenizer: bleuTokenizer, isChat: false },
        });
      },
    },
  };
}

/** Each source once, in order. */
function sourcesOf(pairs: readonly TextPair[]): string[] {
  return [...new Set(pairs.map(({ source }) => source))];
}

/** Some of the sources, and what each may be translated to. */
function askedOf(
  pairs: readonly TextPair[],
  chosen: readonly number[],
): { inputs: string[]; references: string[][] } {
  const all = sourcesOf(pairs);
  const inputs = chosen.map((i) => all[i]);
  const targets = Map.groupBy(pairs, ({ source }) => source);
  const most = Math.max(...[...targets.values()].map(({ length }) => length));
  // Every segment needs as many references; one that has fewer has its first again.
  const references = inputs.map((source) => {
    const own = targets.get(source)!.map(({ target }) => target);
    return Array.from({ length: most }, (_, i) => own[i] ?? own[0]);
  });
  return { inputs, references };
}
