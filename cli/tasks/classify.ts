import {
  assertClasses,
  classificationEncoder,
  type Classified,
  classWeights,
  countClasses,
  endOfTextOf,
  LabelSet,
  limitPerClass,
  readClassified,
  splitByClass,
} from "../../data/mod.ts";
import { classProbabilities, NaiveBayes, scoreClassification } from "../../model/mod.ts";
import { reportClasses } from "../score_reports.ts";
import {
  encodeParts,
  type PartName,
  readParts,
  tableFormat,
  type Task,
  type TaskModel,
  type TaskOptions,
} from "./task.ts";

/** Texts told apart: the classes are those of the training examples, or those that the model has. */
export async function classifyTask(options: TaskOptions, model: TaskModel): Promise<Task> {
  const { multiLabel } = options;
  const notes: string[] = [];
  const read = await readParts<Classified>(options, {
    open: (path) => readClassified(path, { ...options, format: tableFormat(options) }),
    split: (examples, validationFraction, salt) =>
      splitByClass(examples, { validationFraction, salt }),
  }, notes);
  const parts = options.perClass === undefined
    ? read
    : { ...read, train: limitPerClass(read.train, options.perClass) };
  const counts = countClasses(parts.train);
  if (parts.train.length > 0 && !multiLabel) assertClasses(counts);
  const labels = new LabelSet(model.head?.labels ?? counts.map(({ label }) => label));
  const classes = counts.slice(0, 8).map(({ label, examples }) => `${label} ${examples}`);
  notes.push(
    `classes: ${labels.names.length} (${classes.join(", ")}${counts.length > 8 ? ", …" : ""})`,
  );
  const encoder = classificationEncoder({
    ...{ tokenizer: model.tokenizer, context: model.context, labels, multiLabel },
    onLong: options.onLong,
    ...(options.classWeights === "balanced" && { classWeights: classWeights(counts, labels) }),
  });
  const sets = encodeParts(parts, encoder, notes);
  const { names } = labels;
  const predict = (logits: readonly Float32Array[]) =>
    logits.map((row) => {
      const probabilities = classProbabilities(row, { multiLabel });
      if (multiLabel) return { labels: names.filter((_, k) => probabilities[k] > 0.5) };
      const best = probabilities.indexOf(Math.max(...probabilities));
      return { labels: [names[best]], confidence: probabilities[best] };
    });
  return {
    spec: { name: "classify" },
    head: { of: "text", labels: names, ...(multiLabel && { multiLabel }), ...padOf(model) },
    ...{ labels, sets, notes },
    told: {
      measure: multiLabel ? "exact match" : "accuracy",
      score(part, logits) {
        const right = predict(logits).filter(({ labels }, i) =>
          labels.toSorted().join("\0") === parts[part][i].labels.toSorted().join("\0")
        );
        return right.length / logits.length;
      },
      report: (part, logits, about) => {
        const predictions = predict(logits);
        return reportClasses({
          ...{ multiLabel, about, inputs: parts[part].map(({ text }) => text) },
          references: parts[part].map(({ labels }) => labels),
          predictions: predictions.map(({ labels }) => labels),
          ...(!multiLabel && { confidences: predictions.map(({ confidence }) => confidence) }),
        });
      },
      ...(!multiLabel && parts.train.length > 0 && { baseline: (part) => naiveBayes(parts, part) }),
    },
  };
}

/** What counting words reaches on a part. */
function naiveBayes(parts: Record<PartName, Classified[]>, part: PartName): string {
  const bayes = new NaiveBayes(
    parts.train.map(({ text, labels: [label] }) => ({ text, label })),
  );
  const { accuracy, classes } = scoreClassification(
    parts[part].map(({ labels: [label] }) => label),
    parts[part].map(({ text }) => bayes.tell(text)),
    { resamples: 1 },
  );
  const f1 = classes.length > 3
    ? `macro F1 ${(classes.reduce((sum, { f1 }) => sum + f1, 0) / classes.length).toFixed(4)}`
    : classes.map(({ label, f1 }) => `F1 of ${label} ${f1.toFixed(4)}`).join(", ");
  return `naive Bayes over words, for comparison: accuracy ${(100 * accuracy).toFixed(2)}%, ${f1}`;
}

/** The token behind short texts: end-of-text, as GPT-2's users take it. */
function padOf({ tokenizer }: TaskModel): { padId?: number } {
  const padId = endOfTextOf(tokenizer);
  return padId === undefined ? {} : { padId };
}
