/** `quern eval --task`: measures a model at what it was made for. */
import { join } from "@std/path";
import { readTokenizer } from "../data/mod.ts";
import type { Device } from "../kernels/mod.ts";
import { EncoderDecoder, Gpt, type GptConfig } from "../model/mod.ts";
import { openModelFolder } from "./checkpoint_options.ts";
import { openDevice } from "./kernel_choices.ts";
import { type EvalValues, tellScored } from "./score.ts";
import {
  evaluateTask,
  measureChoices,
  openTask,
  planRows,
  type Task,
  type TaskName,
  type TaskNetwork,
  templateOf,
} from "./tasks/mod.ts";
import { UsageError } from "./usage_error.ts";

/** The heads that tasks need. */
const HEADS: Partial<Record<TaskName, "text" | "token">> = { classify: "text", tag: "token" };

/** Measures a checkpoint on examples and gives the exit code. */
export async function evaluateOnTask(
  name: NonNullable<EvalValues["task"]>,
  options: EvalValues,
): Promise<number> {
  const folder = await openModelFolder(options);
  const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
  const about = `${folder} on ${options.data.join(", ")}.`;
  const template = await templateOf(tokenizer, folder);
  const data = {
    ...options,
    ...{ data: [], valData: [], testData: options.data, validationFraction: 0, testFraction: 0 },
    classWeights: "none",
  } as const;
  const measure = async (
    task: Task,
    context: number,
    load: (d: Device) => Promise<TaskNetwork>,
  ) => {
    if (!options.json) task.notes.forEach((note) => console.error(note));
    using device = await openDevice();
    using model = await load(device);
    const rows = planRows(task, context);
    const given = { ...options, tokenizer };
    const { scored } = await evaluateTask(model, task, rows, "test", given, about);
    await tellScored(scored, options);
    return 0;
  };
  if (await EncoderDecoder.isIn(folder)) {
    if (name !== "translate") {
      throw new UsageError(`Cannot measure ${folder} at this task: it is made to translate.`);
    }
    const { context } = await EncoderDecoder.readConfig(folder);
    const task = await openTask(
      name,
      { ...data, piece: "last", multiLabel: false },
      { tokenizer, context, template, hasEncoder: true },
    );
    return await measure(task, context, (device) => EncoderDecoder.load(device, folder));
  }
  const config = await Gpt.readConfig(folder);
  if (name === "choice") {
    assertHead(folder, config, undefined);
    using device = await openDevice();
    using model = await Gpt.load(device, folder);
    const { data: sources, batchSize, onBad } = options;
    const inputs = { tokenizer, sources, batchSize, onBad };
    await tellScored(await measureChoices(model, inputs, about), options);
    return 0;
  }
  assertHead(folder, config, HEADS[name]);
  const { head, context, task: spec } = config;
  const task = await openTask(name, {
    ...data,
    ...{ multiLabel: head?.multiLabel ?? false, piece: spec?.piece ?? "last" },
    prompt: spec?.prompt,
  }, { tokenizer, context, template, head });
  return await measure(task, context, (device) => Gpt.load(device, folder));
}

/** Checks that a model can do what it is measured at. */
function assertHead(folder: string, { head }: GptConfig, of: "text" | "token" | undefined): void {
  if (head?.of === of) return;
  const has = head === undefined
    ? "is a model of language"
    : `tells ${head.of === "text" ? "texts" : "words"} apart`;
  const wanted = { text: "finetune --task classify", token: "finetune --task tag" };
  throw new UsageError(
    `Cannot measure ${folder} at this task: it ${has}. ${
      of === undefined ? "Name a model of language." : `Make one that can with ${wanted[of]}.`
    }`,
  );
}
