/** The tasks of `quern finetune` and `quern eval --task`: what their files become. */
import type { BleuTokenizer } from "../../model/mod.ts";
import { chatTask } from "./chat.ts";
import { classifyTask } from "./classify.ts";
import { tagTask } from "./tag.ts";
import type { Task, TaskModel, TaskName, TaskOptions } from "./task.ts";
import { textTask } from "./text.ts";
import { translateTask } from "./translate.ts";

export {
  cutSource,
  type EvaluateOptions,
  evaluateTask,
  measureTask,
  type PartMeasure,
  scoreAnswers,
  type TaskNetwork,
} from "./measure.ts";
export { type ChoiceInputs, measureChoices } from "./choice.ts";
export { TASK_DATA_OPTIONS } from "./options.ts";
export { type BatchOptions, describeRows, planRows, type TaskRows } from "./rows.ts";
export { endOfTextText, templateOf } from "./template.ts";
export { readPairParts } from "./translate.ts";
export type { PartName, Task, TaskModel, TaskName, TaskOptions } from "./task.ts";

const TASKS: Record<
  TaskName,
  (options: TaskOptions & { bleuTokenizer: BleuTokenizer }, model: TaskModel) => Promise<Task>
> = {
  classify: classifyTask,
  tag: tagTask,
  translate: translateTask,
  chat: chatTask,
  text: textTask,
};

/**
 * Reads the examples of a task, splits and encodes them.
 *
 * @throws {DataError} with the line of an example that can't be used
 */
export function openTask(
  name: TaskName,
  options: TaskOptions & { bleuTokenizer: BleuTokenizer },
  model: TaskModel,
): Promise<Task> {
  return TASKS[name](options, model);
}
