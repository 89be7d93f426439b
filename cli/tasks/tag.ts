import {
  encodeWords,
  LabelSet,
  readTagged,
  splitByKey,
  type Tagged,
  taggingEncoder,
  tagLabels,
} from "../../data/mod.ts";
import { scoreEntities } from "../../model/mod.ts";
import { reportTags } from "../score_reports.ts";
import { UsageError } from "../usage_error.ts";
import {
  encodeParts,
  type PartName,
  readParts,
  type Task,
  type TaskModel,
  type TaskOptions,
} from "./task.ts";

/** Words told apart: each read at its first or last piece, as the tags of IOB2. */
export async function tagTask(options: TaskOptions, model: TaskModel): Promise<Task> {
  const { piece, format } = options;
  if (format === "csv" || format === "tsv") {
    throw new UsageError(`--task tag reads conll or jsonl, got --format ${format}`);
  }
  const notes: string[] = [];
  const parts = await readParts<Tagged>(options, {
    open: (path) => readTagged(path, { ...options, format }),
    split: (examples, validationFraction, salt) =>
      splitByKey(examples, ({ text }) => text, { validationFraction, salt }),
  }, notes);
  const labels = model.head ? new LabelSet(model.head.labels) : tagLabels(parts.train);
  notes.push(`tags: ${labels.names.join(", ")}; a word is read at its ${piece} piece`);
  const { tokenizer, context } = model;
  const encoder = taggingEncoder({ tokenizer, context, labels, piece, onLong: options.onLong });
  const sets = encodeParts(parts, encoder, notes);
  const K = labels.names.length;
  /** The tag of each word: that with the largest logit; O where the model sees nothing of the word. */
  const predict = (part: PartName, logits: readonly Float32Array[]) =>
    parts[part].map((sentence, i) => {
      const { positions } = encodeWords(sentence, tokenizer, piece);
      return Array.from(positions, (position) => {
        const row = logits[i].subarray(position * K, position * K + K);
        if (position < 0 || row.length < K) return "O";
        return labels.names[row.indexOf(Math.max(...row))];
      });
    });
  return {
    spec: { name: "tag", piece },
    head: { of: "token", labels: labels.names },
    ...{ labels, sets, notes },
    told: {
      measure: "entity F1",
      score(part, logits) {
        const references = parts[part].map(({ tags }) => tags);
        const scores = scoreEntities(references, predict(part, logits), {
          ...{ mode: "strict", resamples: 1 },
        });
        return scores.micro.f1;
      },
      report: (part, logits, about) =>
        reportTags({
          ...{ sentences: parts[part], predictions: predict(part, logits), mode: "strict", about },
        }),
    },
  };
}
