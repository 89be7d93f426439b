import { readHellaSwag, readTaskFiles } from "../data/mod.ts";
import type { EvalValues } from "./score.ts";
import { readAsMany, readLines, readNumberLists, readSentences } from "./score_files.ts";
import {
  reportChoices,
  reportClasses,
  reportTags,
  reportTexts,
  type Scored,
} from "./score_reports.ts";

type ScoreValues = EvalValues & { predictions: string };

/** Accuracy and F1 of classes: a label a line, perhaps with a tab and how sure the model is. */
export async function scoreClasses(options: ScoreValues): Promise<Scored> {
  const { multiLabel } = options;
  const references = await readLines(options.references[0]);
  const lines = await readAsMany(options.predictions, references.length, "the references");
  const columns = lines.map((line) => line.split("\t"));
  const sure = columns.map(([, text]) => text === undefined ? undefined : Number(text));
  const labelsOf = (text: string) =>
    multiLabel ? text.split(",").map((part) => part.trim()).filter(Boolean) : [text];
  return reportClasses({
    references: references.map(labelsOf),
    predictions: columns.map(([text]) => labelsOf(text)),
    ...(sure.some((each) => each !== undefined) && { confidences: sure }),
    inputs: await inputsOf(options, references.length),
    ...{ multiLabel, about: aboutOf(options, references.length, "texts") },
  });
}

/** Precision, recall and F1 of entities in CoNLL files. */
export async function scoreTags(options: ScoreValues): Promise<Scored> {
  const sentences = await readSentences(options.references, "iob2");
  const found = await readSentences([options.predictions], "any");
  return reportTags({
    ...{ sentences, predictions: found.map(({ tags }) => tags), mode: options.entityMode },
    about: aboutOf(options, sentences.length, "sentences"),
  });
}

/** BLEU and chrF of translations; of answers also how varied they are. */
export async function scoreTexts(options: ScoreValues): Promise<Scored> {
  const { bleuTokenizer: tokenizer, task } = options;
  const predictions = await readLines(options.predictions);
  const files = await Promise.all(
    options.references.map((path) => readAsMany(path, predictions.length, "the predictions")),
  );
  const isChat = task === "chat";
  return reportTexts({
    references: predictions.map((_, i) => files.map((lines) => lines[i])),
    ...{ predictions, tokenizer, isChat, inputs: await inputsOf(options, predictions.length) },
    about: aboutOf(options, predictions.length, isChat ? "answers" : "segments"),
  });
}

/** Accuracy of multiple choice: a JSON list of log-likelihoods a line. */
export async function scoreChoices(options: ScoreValues): Promise<Scored> {
  const questions = await Array.fromAsync(
    readTaskFiles(options.references, (path) => readHellaSwag(path)).examples,
  );
  await readAsMany(options.predictions, questions.length, "the questions");
  const likelihoods = await readNumberLists(options.predictions);
  const scored = questions.map(({ choices, answer }, i) => ({
    answer,
    choices: choices.map((choice, j) => ({
      logLikelihood: likelihoods[i][j] ?? -Infinity,
      characters: [...choice.trimStart()].length,
    })),
  }));
  return reportChoices(scored, aboutOf(options, questions.length, "questions"));
}

async function inputsOf({ inputs }: EvalValues, count: number): Promise<string[] | undefined> {
  return inputs === undefined ? undefined : await readAsMany(inputs, count, "the predictions");
}

function aboutOf({ predictions, references }: ScoreValues, count: number, what: string): string {
  const against = references.length > 0 ? ` against ${references.join(", ")}` : "";
  return `${predictions}${against}: ${count.toLocaleString("en")} ${what}.`;
}
