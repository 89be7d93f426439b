/** Measures a model on a task's examples. */
import { endOfTextOf, type TaskBatch, taskBatches, type Tokenizer } from "../../data/mod.ts";
import {
  type BatchOutputs,
  EncoderDecoder,
  Evaluator,
  type Gpt,
  SAMPLING_DEFAULTS,
  Scheduler,
  Translator,
} from "../../model/mod.ts";
import type { Scored } from "../score_reports.ts";
import type { BatchOptions, TaskRows } from "./rows.ts";
import type { AskedTexts, PartName, Task } from "./task.ts";

/** Most prompts that are answered after an epoch. */
const MOST_SCORED = 64;

/** What a pass over a part found. */
export interface PartMeasure {
  /** Mean loss of its targets, in nats. */
  validationLoss: number;
  /** The task's own measure, where it has a head. */
  score?: number;
  /** Logits of each example, where it has one. */
  logits?: Float32Array[];
  /** Summed loss in nats. */
  sum: number;
}

/** Loss and score of a part. */
export async function measureTask(
  evaluator: Evaluator,
  task: Task,
  rows: TaskRows,
  part: PartName,
  options: BatchOptions,
): Promise<PartMeasure> {
  const set = task.sets[part];
  const batches = taskBatches(set, {
    ...rows.options(options),
    ...{ order: "sequential", seed: 0, epochs: 1 },
  });
  if (!task.told) {
    const { sum, weight } = await evaluator.measure(batches);
    return { validationLoss: sum / weight, sum };
  }
  const { of, labels } = task.head!;
  const K = labels.length;
  const found = new Array<Float32Array>(set.length);
  const keep = ({ rows, lengths, T }: TaskBatch, { logits }: BatchOutputs) =>
    rows.forEach((row, b) => {
      if (row < 0) return;
      found[row] = of === "text"
        ? logits!.slice(b * K, (b + 1) * K)
        : logits!.slice(b * T * K, (b * T + lengths[b]) * K);
    });
  const { sum, weight } = await evaluator.measure(batches, keep);
  return {
    ...{ validationLoss: sum / weight, sum, logits: found },
    score: task.told.score(part, found),
  };
}

/** Options of {@linkcode evaluateTask}. */
export interface EvaluateOptions extends BatchOptions {
  tokenizer: Tokenizer;
  /** Most prompts that are answered; of more every so many-th is. */
  answers: number;
  /** Most tokens of an answer. */
  answerTokens: number;
  /** How an encoder–decoder searches. */
  beams: number;
  lengthPenalty: number;
  noRepeatNgram: number;
}

/** A model that does tasks. */
export type TaskNetwork = Gpt | EncoderDecoder;

/** Measures everything of a part; a model of language writes its answers, always the likeliest token. */
export async function evaluateTask(
  model: TaskNetwork,
  task: Task,
  rows: TaskRows,
  part: PartName,
  options: EvaluateOptions,
  about: string,
): Promise<{ scored: Scored; figures: Record<string, number> }> {
  const { lengths, context: T } = rows;
  const measured = await (async () => {
    using evaluator = await Evaluator.create(model, { B: options.batchSize, T, lengths });
    return await measureTask(evaluator, task, rows, part, options);
  })();
  const { validationLoss, logits, sum } = measured;
  const scored = task.told
    ? task.told.report(part, logits!, about)
    : task.asked
    ? await reportAnswers(model, task.asked, part, options, about)
    : emptyReport(about);
  const language = task.head
    ? {}
    : languageFigures(task, part, options.tokenizer, validationLoss, sum);
  const figures = { loss: validationLoss, ...language, ...numbersOf(scored.json) };
  const lines = Object.entries(language).map(([name, value]) => `${name}  ${value.toFixed(4)}`);
  return {
    figures,
    scored: {
      json: { loss: validationLoss, ...language, ...scored.json },
      lines: [...lines, ...scored.lines],
      report: {
        ...scored.report,
        figures: [
          ...scored.report.figures,
          ...Object.entries(language).map(([name, value]) => ({ name, value: value.toFixed(3) })),
        ],
      },
    },
  };
}

function emptyReport(about: string): Scored {
  return { json: {}, lines: [], report: { title: "Text", about, figures: [] } };
}

/** Perplexity, and bits per byte of what the model is asked to say. */
function languageFigures(
  { sets }: Task,
  part: PartName,
  tokenizer: Tokenizer,
  loss: number,
  sum: number,
): Record<string, number> {
  let bytes = 0;
  for (let i = 0; i < sets[part].length; i++) {
    for (const id of sets[part].at(i).targets) if (id >= 0) bytes += tokenizer.byteLength(id);
  }
  return { perplexity: Math.exp(loss), bitsPerByte: sum / Math.LN2 / bytes };
}

async function reportAnswers(
  model: TaskNetwork,
  asked: AskedTexts,
  part: PartName,
  options: EvaluateOptions,
  about: string,
): Promise<Scored> {
  const { chosen, answers } = await answerSome(model, asked, part, options);
  return asked.report(part, chosen, answers, `${about} ${chosen.length} prompts were answered.`);
}

/**
 * The score of a model's answers while it is trained: always the likeliest token, to at most 64 prompts,
 * so that an epoch is hardly any longer.
 *
 * @returns nothing where the task has no such score
 */
export async function scoreAnswers(
  model: TaskNetwork,
  { asked }: Task,
  part: PartName,
  options: EvaluateOptions,
): Promise<number | undefined> {
  if (!asked?.score) return undefined;
  const { chosen, answers } = await answerSome(model, asked, part, {
    ...options,
    ...{ answers: Math.min(options.answers, MOST_SCORED), beams: 1 },
  });
  return asked.score(part, chosen, answers);
}

/** The answers to every so many-th prompt of a part. */
async function answerSome(
  model: TaskNetwork,
  asked: AskedTexts,
  part: PartName,
  options: EvaluateOptions,
): Promise<{ chosen: number[]; answers: string[] }> {
  const prompts = asked.prompts(part);
  const every = Math.max(1, Math.ceil(prompts.length / options.answers));
  const chosen = Array.from(prompts.keys()).filter((i) => i % every === 0);
  const wanted = chosen.map((i) => prompts[i]);
  const answers = model instanceof EncoderDecoder
    ? await translate(model, wanted, options)
    : await answer(model, asked, wanted, options);
  return { chosen, answers };
}

/** The translations of sources by beam search. */
async function translate(
  model: EncoderDecoder,
  sources: readonly Uint32Array[],
  { tokenizer, answerTokens, beams, lengthPenalty, noRepeatNgram }: EvaluateOptions,
): Promise<string[]> {
  const { context } = model.config;
  using translator = await Translator.create(model, { beams, batchSize: 16 });
  const found = await translator.translate(sources.map((source) => cutSource(source, context)), {
    ...{ lengthPenalty, noRepeatNgram },
    maxTokens: Math.min(answerTokens, context),
  });
  return found.map(({ tokens }) => tokenizer.decode(tokens).trim());
}

/** A source that is too long loses its last tokens, not its end. */
export function cutSource(source: Uint32Array, context: number): Uint32Array {
  if (source.length <= context) return source;
  return Uint32Array.of(...source.subarray(0, context - 1), source[source.length - 1]);
}

/** The answers to prompts, as many at once as the scheduler takes. */
async function answer(
  model: Gpt,
  { stop }: AskedTexts,
  prompts: readonly Uint32Array[],
  { tokenizer, answerTokens }: EvaluateOptions,
): Promise<string[]> {
  const { context } = model.config;
  const end = endOfTextOf(tokenizer);
  await using scheduler = await Scheduler.create(model, { maxBatch: 16 });
  return await Promise.all(
    prompts.map(async (whole) => {
      const prompt = [...whole].slice(-(context - 1));
      const ids: number[] = [];
      const decoded = () => tokenizer.decode(ids);
      const handle = scheduler.submit({
        prompt,
        maxTokens: Math.min(answerTokens, context - prompt.length),
        sampling: { ...SAMPLING_DEFAULTS, temperature: 0 },
        stopTokens: end === undefined ? [] : [end],
      }, (event) => {
        if (event.type !== "tokens") return;
        ids.push(...event.tokens);
        if (stop.some((text) => decoded().includes(text))) handle.cancel();
      });
      await handle.done;
      const text = decoded();
      const cuts = stop.map((each) => text.indexOf(each)).filter((at) => at >= 0);
      return text.slice(0, Math.min(text.length, ...cuts)).trim();
    }),
  );
}

/** The figures of a report by name, one level deep. */
function numbersOf(json: Record<string, unknown>): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const [name, value] of Object.entries(json)) {
    if (typeof value === "number") figures[name] = value;
    const { f1, score } = Object(value) as { f1?: unknown; score?: unknown };
    if (typeof f1 === "number") figures[`${name} F1`] = f1;
    if (typeof score === "number") figures[name] = score;
  }
  if (Array.isArray(json.classes) && json.classes.length <= 8) {
    for (const { label, f1 } of json.classes) figures[`F1 of ${label}`] = f1;
  }
  return figures;
}
