import { type Document, ExampleSet, readDocuments, splitByKey, textRows } from "../../data/mod.ts";
import type { Parts, Task, TaskModel, TaskOptions } from "./task.ts";

/** More pre-training on documents of a domain. */
export async function textTask(
  options: TaskOptions,
  { tokenizer, context }: TaskModel,
): Promise<Task> {
  const read = async (sources: readonly string[]) =>
    sources.length === 0 ? [] : await Array.fromAsync(
      readDocuments(sources, { textField: options.textField }).documents,
    );
  const parts: Parts<Document[]> = {
    train: await read(options.data),
    validation: await read(options.valData),
    test: await read(options.testData),
  };
  for (const part of ["test", "validation"] as const) {
    const fraction = { test: options.testFraction, validation: options.validationFraction }[part];
    if (parts[part].length > 0 || fraction === 0) continue;
    const { train, validation } = splitByKey(parts.train, ({ text }) => text, {
      ...{ validationFraction: fraction, salt: part },
    });
    [parts.train, parts[part]] = [train, validation];
  }
  const encode = async (documents: Document[]) => {
    const set = new ExampleSet();
    const rows = ReadableStream.from(documents).pipeThrough(textRows({ tokenizer, context }));
    for await (const row of rows) set.add(row);
    return set;
  };
  const sets = {
    train: await encode(parts.train),
    validation: await encode(parts.validation),
    test: await encode(parts.test),
  };
  const { train, validation, test } = parts;
  const notes = [
    `documents: ${train.length} train, ${validation.length} validation, ${test.length} test`,
  ];
  return { spec: { name: "text" }, sets, notes };
}
