/** What the tasks of fine-tuning have in common. */
import {
  type ChatTemplate,
  describeColumns,
  type Encoder,
  ExampleSet,
  type LabelSet,
  readTaskFiles,
  type TableFormat,
  type TaskReader,
  type Tokenizer,
} from "../../data/mod.ts";
import type { ClassHead, ModelTask } from "../../model/mod.ts";
import type { OptionValues } from "../options.ts";
import type { Scored } from "../score_reports.ts";
import { UsageError } from "../usage_error.ts";
import type { TASK_DATA_OPTIONS } from "./options.ts";

/** Name of a task. */
export type TaskName = ModelTask["name"];

/** Parts that examples are split in. */
export type PartName = "train" | "validation" | "test";

/** Something for each part. */
export type Parts<T> = Record<PartName, T>;

/** Options of a task. */
export interface TaskOptions extends OptionValues<typeof TASK_DATA_OPTIONS> {
  data: readonly string[];
  valData: readonly string[];
  testData: readonly string[];
  validationFraction: number;
  testFraction: number;
  multiLabel: boolean;
  /** Most examples of a class to train on. @default all */
  perClass?: number;
  /** `balanced` weighs each class's loss so that all count the same. */
  classWeights: "none" | "balanced";
  piece: "first" | "last";
  prompt?: string;
  textField: string;
}

/** What a task knows of the model. */
export interface TaskModel {
  tokenizer: Tokenizer;
  /** Most tokens of an example. */
  context: number;
  /** The head that the model has, where its classes are to stay. */
  head?: ClassHead;
  /** How conversations become text. */
  template: ChatTemplate;
  /** Whether an encoder reads what is asked. @default false */
  hasEncoder?: boolean;
}

/** Examples of a task as the model sees them, and how its outputs are measured. */
export interface Task {
  spec: ModelTask;
  /** The head that it needs; none where it is one of language. */
  head?: ClassHead;
  labels?: LabelSet;
  sets: Parts<ExampleSet>;
  /** What was read and guessed, to be shown. */
  notes: string[];
  /** The classes that a part's logits tell, where it has a head. */
  told?: ToldClasses;
  /** What a model of language is asked, and what it should answer. */
  asked?: AskedTexts;
}

/** Measures of a task with a head. */
export interface ToldClasses {
  /** Name of the measure that the best checkpoint is chosen by. */
  measure: string;
  /** That measure, the higher the better. @param logits of each example: [K], or [n, K] over tokens */
  score(part: PartName, logits: readonly Float32Array[]): number;
  /** Everything that is measured. */
  report(part: PartName, logits: readonly Float32Array[], about: string): Scored;
  /** What a simple method reaches on a part, where one is worth comparing with. */
  baseline?(part: PartName): string | undefined;
}

/** Texts that a model of language is asked for. */
export interface AskedTexts {
  /** Token ids of the prompts of a part. */
  prompts(part: PartName): Uint32Array[];
  /** Texts that end an answer. */
  stop: readonly string[];
  /**
   * The measure that the best checkpoint is chosen by, the higher the better.
   *
   * @param chosen the prompts that the answers are to
   * @default the loss is
   */
  score?(part: PartName, chosen: readonly number[], answers: readonly string[]): number;
  /** Everything that is measured of answers. @param chosen the prompts they are to */
  report(
    part: PartName,
    chosen: readonly number[],
    answers: readonly string[],
    about: string,
  ): Scored;
}

/** The format of a table, where it is said. */
export function tableFormat({ format }: TaskOptions): TableFormat | undefined {
  if (format === "conll") throw new UsageError("--format conll is for --task tag");
  return format;
}

/** How examples of a task are read and split. */
export interface Reading<T> {
  open(path: string): TaskReader<T>;
  /** Splits a part off by a hash, so that each example stays where it is as the set grows. */
  split(examples: T[], fraction: number, salt: string): { train: T[]; validation: T[] };
}

/**
 * Reads the examples of all parts: files of their own, or shares of `data` split off by hash, those for
 * testing first, so that how many validate does not change what is tested.
 *
 * @throws {DataError} with the line of an example that can't be used
 */
export async function readParts<T>(
  options: TaskOptions,
  { open, split }: Reading<T>,
  notes: string[],
): Promise<Parts<T[]>> {
  const read = async (sources: readonly string[]) => {
    if (sources.length === 0) return [];
    const { examples, reports } = readTaskFiles(sources, open);
    const all = await Array.fromAsync(examples);
    for (const report of reports) {
      if (report.columns) notes.push(describeColumns(report));
      const skipped = Object.entries(report.skipped).map(([reason, n]) => `${reason} ${n}`);
      if (skipped.length > 0) {
        notes.push(`left out of ${report.path}: ${skipped.join(", ")}`, ...report.firstSkipped);
      }
    }
    return all;
  };
  const parts = {
    train: await read(options.data),
    validation: await read(options.valData),
    test: await read(options.testData),
  };
  for (const part of ["test", "validation"] as const) {
    const given = { test: options.testData, validation: options.valData }[part];
    const fraction = { test: options.testFraction, validation: options.validationFraction }[part];
    if (given.length > 0 || fraction === 0) continue;
    const { train, validation } = split(parts.train, fraction, part);
    [parts.train, parts[part]] = [train, validation];
  }
  return parts;
}

/** Encodes the examples of all parts; notes how many there are and how many had to be cut. */
export function encodeParts<T>(
  parts: Parts<T[]>,
  encoder: Encoder<T>,
  notes: string[],
): Parts<ExampleSet> {
  const encode = (part: PartName): ExampleSet => {
    const set = new ExampleSet();
    for (const example of parts[part]) set.add(encoder.encode(example));
    return set;
  };
  const sets = { train: encode("train"), validation: encode("validation"), test: encode("test") };
  const counts = (["train", "validation", "test"] as const)
    .filter((part) => sets[part].length > 0)
    .map((part) => `${sets[part].length.toLocaleString("en")} ${part}`);
  const { tokens, cut } = encoder.report;
  notes.push(
    `examples: ${counts.join(", ")}; ${tokens.toLocaleString("en")} tokens, the longest ` +
      `${Math.max(sets.train.longest, sets.validation.longest, sets.test.longest)}` +
      (cut > 0 ? `; ${cut.toLocaleString("en")} were cut to the context` : ""),
  );
  return sets;
}
