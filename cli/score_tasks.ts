import { readHellaSwag, readTaskFiles } from "../data/mod.ts";
import {
  bleuWords,
  type ClassScore,
  confusionTable,
  describeBleu,
  distinctRuns,
  entitiesOf,
  type EvaluationReport,
  type Interval,
  type MarkedText,
  percentFigure,
  type ReportExample,
  type ReportFigure,
  scoreBleu,
  scoreChrf,
  scoreClassification,
  scoreEntities,
  scoreMultiLabel,
  scoreMultipleChoice,
} from "../model/mod.ts";
import type { EvalValues } from "./score.ts";
import { readAsMany, readLines, readNumberLists, readSentences } from "./score_files.ts";

/** What was measured, for programs, for the terminal and for the page. */
export interface Scored {
  json: Record<string, unknown>;
  lines: string[];
  report: EvaluationReport;
}

type ScoreValues = EvalValues & { predictions: string };

/** Mistakes that the page shows. */
const MOST_MISTAKES = 25;

/** Accuracy and F1 of classes: a label a line, perhaps with a tab and how sure the model is. */
export async function scoreClasses(options: ScoreValues): Promise<Scored> {
  const references = await readLines(options.references[0]);
  const lines = await readAsMany(options.predictions, references.length, "the references");
  const inputs = await inputsOf(options, references.length);
  const [predictions, sure] = [0, 1].map((column) => lines.map((line) => line.split("\t")[column]));
  const about = aboutOf(options, references.length, "texts");
  const mistakes = references
    .map((expected, i) => ({
      input: inputs?.[i],
      expected,
      found: predictions[i],
      confidence: Number(sure[i] ?? NaN),
    }))
    .filter(({ expected, found }) => expected !== found)
    .sort((a, b) => (b.confidence || 0) - (a.confidence || 0))
    .map(({ confidence, ...example }): ReportExample =>
      Number.isNaN(confidence)
        ? example
        : { ...example, note: `${(100 * confidence).toFixed(1)}% sure` }
    );
  const groups = [{
    title: sure.some((each) => each !== undefined) ? "Most confident mistakes" : "Mistakes",
    examples: mistakes.slice(0, MOST_MISTAKES),
  }];
  if (options.multiLabel) {
    const split = (line: string) => line.split(",").map((part) => part.trim()).filter(Boolean);
    const scores = scoreMultiLabel(references.map(split), predictions.map(split));
    const figures = [
      percentFigure("exact match", scores.exactMatch, scores.intervals.exactMatch),
      percentFigure("micro F1", scores.micro.f1, scores.intervals.microF1),
      percentFigure("macro F1", scores.macro.f1),
    ];
    const { classes } = scores;
    return {
      json: { ...scores },
      lines: [...figureLines(figures), "", ...classLines(classes)],
      report: { title: "Classification", about, figures, classes, groups },
    };
  }
  const scores = scoreClassification(references, predictions);
  const { classes } = scores;
  const figures = [
    percentFigure("accuracy", scores.accuracy, scores.intervals.accuracy),
    percentFigure("macro F1", scores.macro.f1, scores.intervals.macroF1),
  ];
  const confusion = { labels: classes.map(({ label }) => label), counts: scores.confusion };
  return {
    json: { ...scores },
    lines: [...figureLines(figures), "", ...classLines(classes), "", confusionTable(confusion)],
    report: { title: "Classification", about, figures, classes, confusion, groups },
  };
}

/** Precision, recall and F1 of entities in CoNLL files. */
export async function scoreTags(options: ScoreValues): Promise<Scored> {
  const { entityMode: mode } = options;
  const sentences = await readSentences(options.references, "iob2");
  const found = await readSentences([options.predictions], "any");
  const predictions = found.map(({ tags }) => tags);
  const references = sentences.map(({ tags }) => tags);
  const scores = scoreEntities(references, predictions, { mode });
  const classes = scores.types.map(({ type, ...score }) => ({ label: type, ...score }));
  const figures = [
    percentFigure("F1", scores.micro.f1, scores.intervals.f1),
    percentFigure("precision", scores.micro.precision),
    percentFigure("recall", scores.micro.recall),
    percentFigure("macro F1", scores.macro.f1),
    percentFigure("tag accuracy", scores.tagAccuracy),
  ];
  const marked = (i: number, tags: readonly string[]): MarkedText => {
    const { text, words } = sentences[i];
    const entities = entitiesOf(tags, mode).map(({ type, start, end }) => ({
      type,
      start: words[start].start,
      end: words[end - 1].end,
    }));
    return { text, entities };
  };
  const wrong = sentences.map((_, i) => ({
    i,
    tags: references[i].filter((tag, j) => tag !== predictions[i][j]).length,
  })).filter(({ tags }) => tags > 0).sort((a, b) => b.tags - a.tags).slice(0, MOST_MISTAKES);
  const examples = wrong.map(({ i, tags }): ReportExample => ({
    expected: marked(i, references[i]),
    found: marked(i, predictions[i]),
    note: `${tags} ${tags === 1 ? "tag" : "tags"} wrong`,
  }));
  const notes = [`seqeval, ${mode === "strict" ? "mode strict, scheme IOB2" : "default mode"}`];
  return {
    json: { ...scores, mode },
    lines: [...figureLines(figures), "", ...classLines(classes), "", ...notes],
    report: {
      title: "Entities",
      about: aboutOf(options, sentences.length, "sentences"),
      figures,
      classes,
      groups: [{ title: "Most mistaken sentences", examples }],
      notes,
    },
  };
}

/** BLEU and chrF of translations; of answers also how varied they are. */
export async function scoreTexts(options: ScoreValues): Promise<Scored> {
  const { bleuTokenizer: tokenizer, task } = options;
  const predictions = await readLines(options.predictions);
  const inputs = await inputsOf(options, predictions.length);
  const files = await Promise.all(
    options.references.map((path) => readAsMany(path, predictions.length, "the predictions")),
  );
  const references = predictions.map((_, i) => files.map((lines) => lines[i]));
  const scored: Scored = {
    json: {},
    lines: [],
    report: {
      title: task === "chat" ? "Answers" : "Translation",
      about: aboutOf(options, predictions.length, task === "chat" ? "answers" : "segments"),
      figures: [],
    },
  };
  const figures: ReportFigure[] = [];
  if (files.length > 0) {
    const bleu = scoreBleu(references, predictions, { tokenizer });
    const chrf = scoreChrf(references, predictions);
    scored.json = { bleu, chrf };
    scored.lines.push(
      describeBleu(bleu),
      `  ${rangeOf(bleu.interval)}, ${bleu.signature}`,
      `chrF2 = ${chrf.score.toFixed(2)}`,
      `  ${rangeOf(chrf.interval)}, ${chrf.signature}`,
    );
    figures.push(
      { name: "BLEU", value: bleu.score.toFixed(1), interval: fixed(bleu.interval) },
      { name: "chrF2", value: chrf.score.toFixed(1), interval: fixed(chrf.interval) },
    );
    const each = predictions.map((found, i) => ({
      found,
      expected: files.map((lines) => lines[i]).join("\n"),
      ...(inputs && { input: inputs[i] }),
      chrf: scoreChrf([references[i]], [found], { resamples: 1 }).score,
    })).sort((a, b) => a.chrf - b.chrf);
    const examples = each.slice(0, MOST_MISTAKES)
      .map(({ chrf, ...example }): ReportExample => ({
        ...example,
        note: `chrF ${chrf.toFixed(1)}`,
      }));
    scored.report.groups = [{ title: "The worst", examples }];
    scored.report.notes = [bleu.signature, chrf.signature];
  }
  if (task === "chat") {
    const words = predictions.map((text) => bleuWords(text, tokenizer));
    const [distinct1, distinct2] = [1, 2].map((n) => distinctRuns(words, n));
    Object.assign(scored.json, { distinct1, distinct2 });
    scored.lines.push(
      `distinct-1 = ${distinct1.toFixed(4)}`,
      `distinct-2 = ${distinct2.toFixed(4)}`,
    );
    figures.push(
      { name: "distinct-1", value: distinct1.toFixed(3) },
      { name: "distinct-2", value: distinct2.toFixed(3) },
    );
  }
  return { ...scored, report: { ...scored.report, figures } };
}

/** Accuracy of multiple choice: a JSON list of log-likelihoods a line. */
export async function scoreChoices(options: ScoreValues): Promise<Scored> {
  const questions = await Array.fromAsync(
    readTaskFiles(options.references, (path) => readHellaSwag(path)).examples,
  );
  await readAsMany(options.predictions, questions.length, "the questions");
  const likelihoods = await readNumberLists(options.predictions);
  const scores = scoreMultipleChoice(questions.map(({ choices, answer }, i) => ({
    answer,
    choices: choices.map((choice, j) => ({
      logLikelihood: likelihoods[i][j] ?? -Infinity,
      characters: [...choice.trimStart()].length,
    })),
  })));
  const figures = [
    percentFigure("accuracy, by character", scores.accuracyNormalized, scores.interval),
    percentFigure("accuracy", scores.accuracy),
  ];
  return {
    json: { ...scores },
    lines: figureLines(figures),
    report: {
      title: "Multiple choice",
      about: aboutOf(options, questions.length, "questions"),
      figures,
    },
  };
}

async function inputsOf({ inputs }: EvalValues, count: number): Promise<string[] | undefined> {
  return inputs === undefined ? undefined : await readAsMany(inputs, count, "the predictions");
}

function aboutOf({ predictions, references }: ScoreValues, count: number, what: string): string {
  const against = references.length > 0 ? ` against ${references.join(", ")}` : "";
  return `${predictions}${against}: ${count.toLocaleString("en")} ${what}.`;
}

function figureLines(figures: readonly ReportFigure[]): string[] {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures.map(({ name, value, interval }) =>
    `${name.padEnd(width)}  ${value}${interval ? `  (${interval.low} to ${interval.high})` : ""}`
  );
}

function classLines(classes: readonly ({ label: string } & ClassScore)[]): string[] {
  const width = Math.max(5, ...classes.map(({ label }) => [...label].length));
  const cell = (share: number) => share.toFixed(4).padStart(9);
  return [
    `${"class".padEnd(width)}  precision     recall         F1  examples`,
    ...classes.map(({ label, precision, recall, f1, support }) =>
      `${label}${" ".repeat(width - [...label].length)}  ${cell(precision)}  ${cell(recall)}  ${
        cell(f1)
      }  ${`${support}`.padStart(8)}`
    ),
  ];
}

function fixed({ low, high }: Interval): { low: string; high: string } {
  return { low: low.toFixed(1), high: high.toFixed(1) };
}

function rangeOf(interval: Interval): string {
  const { low, high } = fixed(interval);
  return `95% interval ${low} to ${high}`;
}
