import type { Tokenizer } from "../tokenizers/mod.ts";
import type { Classified } from "./classification.ts";
import {
  encodeAt,
  type Encoder,
  type EncoderOptions,
  type Example,
  makeEncoder,
  tooManyTokens,
} from "./example.ts";
import type { LabelSet } from "./labels.ts";
import { badExample } from "./reader.ts";

/** Options of {@linkcode classificationEncoder}. */
export interface ClassificationEncoderOptions extends EncoderOptions {
  /** The tokenizer of the model. */
  tokenizer: Tokenizer;
  /** The classes of the training examples. */
  labels: LabelSet;
  /** Whether a text may have several labels, or none. @default false */
  multiLabel?: boolean;
  /** Weight of each class's loss, by id. @default 1 for all */
  classWeights?: ArrayLike<number>;
}

/**
 * Texts as a classifier of sequences sees them: the head reads the last token, as
 * `GPT2ForSequenceClassification` does. The target there is the class; with several labels there is
 * no target, and the example has the ids of its labels. A text that is cut loses its end.
 *
 * @example
 * ```ts
 * import { byteTokenizer, classificationEncoder, LabelSet } from "@quern/quern";
 * const labels = new LabelSet(["ham", "spam"]);
 * const encoder = classificationEncoder({ tokenizer: byteTokenizer(), labels, context: 16 });
 * const place = { path: "a.tsv", line: 1, offset: 0 };
 * console.log(encoder.encode({ text: "prize!", labels: ["spam"], place }).targets);
 * ```
 */
export function classificationEncoder(
  options: ClassificationEncoderOptions,
): Encoder<Classified> {
  const { tokenizer, labels, context, onLong = "error", multiLabel = false } = options;
  return makeEncoder(({ text, labels: names, place }) => {
    const classes = names.map((name) => labels.idOf(name, place));
    const ids = encodeAt((part) => tokenizer.encode(part), text, place);
    if (ids.length === 0) throw badExample(place, "its text has no tokens; remove the line");
    if (ids.length > context && onLong === "error") {
      throw tooManyTokens(place, "the text", ids.length, context);
    }
    const tokens = ids.slice(0, context);
    const targets = new Int32Array(tokens.length).fill(-1);
    const row: Omit<Example, "place"> & { cut: boolean } = {
      tokens,
      targets,
      cut: ids.length > context,
    };
    if (multiLabel) return { ...row, labels: classes };
    targets[targets.length - 1] = classes[0];
    const weight = options.classWeights?.[classes[0]];
    return weight === undefined ? row : { ...row, weight };
  });
}
