import {
  ExampleSet,
  type MultipleChoice,
  type OnBad,
  readHellaSwag,
  readTaskFiles,
  type TaskBatch,
  taskBatches,
  type Tokenizer,
} from "../../data/mod.ts";
import { type BatchOutputs, Evaluator, type Gpt, type ScoredQuestion } from "../../model/mod.ts";
import { reportChoices, type Scored } from "../score_reports.ts";
import { planRows } from "./rows.ts";

/** Where questions come from and how they are computed. */
export interface ChoiceInputs {
  tokenizer: Tokenizer;
  sources: readonly string[];
  batchSize: number;
  onBad: OnBad;
}

/** Multiple choice by the log-likelihood of each ending after the question. */
export async function measureChoices(
  model: Gpt,
  { tokenizer, sources, batchSize, onBad }: ChoiceInputs,
  about: string,
): Promise<Scored> {
  const questions = await Array.fromAsync(
    readTaskFiles(sources, (path) => readHellaSwag(path, { onBad })).examples,
  );
  const scored = await scoreChoices(model, questions, { tokenizer, batchSize });
  return reportChoices(scored, `${about} ${questions.length} questions.`);
}

/**
 * What a model finds of each choice; of what is longer than its context the beginning is left out.
 */
export async function scoreChoices(
  model: Gpt,
  questions: readonly MultipleChoice[],
  { tokenizer, batchSize }: Pick<ChoiceInputs, "tokenizer" | "batchSize">,
): Promise<ScoredQuestion[]> {
  const { context } = model.config;
  const set = encodeChoices(questions, tokenizer, context);
  const empty = new ExampleSet();
  const sets = { train: empty, validation: empty, test: set };
  const rows = planRows({ spec: { name: "text" }, sets, notes: [] }, context);
  const likelihoods = new Float64Array(set.length);
  const add = ({ rows, T }: TaskBatch, { losses }: BatchOutputs) =>
    rows.forEach((row, b) => {
      if (row < 0) return;
      for (let t = b * T; t < (b + 1) * T; t++) likelihoods[row] -= losses[t];
    });
  const { context: T, lengths } = rows;
  using evaluator = await Evaluator.create(model, { B: batchSize, T, lengths });
  const order = { order: "sequential", seed: 0, epochs: 1 } as const;
  await evaluator.measure(taskBatches(set, { ...rows.options({ batchSize }), ...order }), add);
  let at = 0;
  return questions.map(({ choices, answer }) => ({
    answer,
    choices: choices.map((choice) => ({
      logLikelihood: likelihoods[at++],
      characters: [...choice.trimStart()].length,
    })),
  }));
}

/** A row for each ending, of which it alone is to be said. */
function encodeChoices(
  questions: readonly MultipleChoice[],
  tokenizer: Tokenizer,
  context: number,
): ExampleSet {
  const set = new ExampleSet();
  for (const { context: asked, choices, place } of questions) {
    const before = tokenizer.encode(asked);
    for (const choice of choices) {
      const ending = tokenizer.encode(choice, { index: asked.length });
      const ids = [...before, ...ending].slice(-(context + 1));
      const first = ids.length - ending.length;
      const targets = ids.slice(1).map((id, i) => i + 1 >= first ? id : -1);
      set.add({
        tokens: Uint32Array.from(ids.slice(0, -1)),
        targets: Int32Array.from(targets),
        place,
      });
    }
  }
  return set;
}
