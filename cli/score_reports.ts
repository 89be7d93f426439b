/** What was measured of a task, for programs, for the terminal and for the page. */
import {
  type BleuTokenizer,
  bleuWords,
  type ClassScore,
  confusionTable,
  describeBleu,
  distinctRuns,
  entitiesOf,
  type EntityMode,
  type EvaluationReport,
  type Interval,
  type MarkedText,
  percentFigure,
  type ReportExample,
  type ReportFigure,
  scoreBleu,
  scoreChrf,
  scoreClassification,
  type ScoredQuestion,
  scoreEntities,
  scoreMultiLabel,
  scoreMultipleChoice,
} from "../model/mod.ts";
import type { Tagged } from "../data/mod.ts";

/** What was measured, for programs, for the terminal and for the page. */
export interface Scored {
  json: Record<string, unknown>;
  lines: string[];
  report: EvaluationReport;
}

/** Mistakes that the page shows. */
const MOST_MISTAKES = 25;

/** Texts told apart. */
export interface ToldTexts {
  /** The classes of each text: one, or with several labels any number. */
  references: string[][];
  predictions: string[][];
  /** How sure the model is of each, from 0 to 1. */
  confidences?: (number | undefined)[];
  /** The texts, for the report. */
  inputs?: string[];
  /** Whether a text may have several labels, or none. */
  multiLabel: boolean;
  /** What was compared, in words. */
  about: string;
}

/** Accuracy and F1 of classes. */
export function reportClasses(told: ToldTexts): Scored {
  const { references, predictions, confidences = [], inputs, about, multiLabel } = told;
  const joined = (labels: readonly string[]) => labels.join(", ");
  const mistakes = references
    .map((expected, i) => ({
      input: inputs?.[i],
      expected: joined(expected),
      found: joined(predictions[i]),
      confidence: confidences[i],
    }))
    .filter(({ expected, found }) => expected !== found)
    .sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0))
    .map(({ confidence, ...example }): ReportExample =>
      confidence === undefined
        ? example
        : { ...example, note: `${(100 * confidence).toFixed(1)}% sure` }
    );
  const groups = [{
    title: confidences.length > 0 ? "Most confident mistakes" : "Mistakes",
    examples: mistakes.slice(0, MOST_MISTAKES),
  }];
  if (multiLabel) {
    const scores = scoreMultiLabel(references, predictions);
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
  const scores = scoreClassification(references.map(joined), predictions.map(joined));
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

/** Precision, recall and F1 of entities. */
export function reportTags(
  { sentences, predictions, mode, about }: {
    sentences: readonly Tagged[];
    /** Tags of each sentence. */
    predictions: readonly string[][];
    mode: EntityMode;
    about: string;
  },
): Scored {
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
      about,
      figures,
      classes,
      groups: [{ title: "Most mistaken sentences", examples }],
      notes,
    },
  };
}

/** Texts that were written. */
export interface WrittenTexts {
  /** What each could be; none where nothing is known of it. */
  references: string[][];
  predictions: string[];
  /** What they were made of, for the report. */
  inputs?: string[];
  /** How BLEU cuts texts into words. */
  tokenizer: BleuTokenizer;
  /** Whether they are answers of a conversation. */
  isChat: boolean;
  /** What was compared, in words. */
  about: string;
}

/** BLEU and chrF of translations; of answers also how varied they are. */
export function reportTexts(
  { references, predictions, inputs, tokenizer, isChat, about }: WrittenTexts,
): Scored {
  const scored: Scored = {
    json: {},
    lines: [],
    report: {
      title: isChat ? "Answers" : "Translation",
      about,
      figures: [],
    },
  };
  const figures: ReportFigure[] = [];
  if (references.some((each) => each.length > 0)) {
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
      expected: references[i].join("\n"),
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
  if (isChat) {
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

/** Accuracy of multiple choice. */
export function reportChoices(questions: readonly ScoredQuestion[], about: string): Scored {
  const scores = scoreMultipleChoice(questions);
  const figures = [
    percentFigure("accuracy, by character", scores.accuracyNormalized, scores.interval),
    percentFigure("accuracy", scores.accuracy),
  ];
  return {
    json: { ...scores },
    lines: figureLines(figures),
    report: { title: "Multiple choice", about, figures },
  };
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
