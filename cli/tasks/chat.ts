import { chatEncoder, type Conversation, readConversations, splitByKey } from "../../data/mod.ts";
import type { BleuTokenizer } from "../../model/mod.ts";
import { reportTexts } from "../score_reports.ts";
import { encodeParts, readParts, type Task, type TaskModel, type TaskOptions } from "./task.ts";

/** Conversations through a chat template: what the assistant says is learned. */
export async function chatTask(
  options: TaskOptions & { bleuTokenizer: BleuTokenizer },
  { tokenizer, context, template }: TaskModel,
): Promise<Task> {
  const notes: string[] = [];
  const parts = await readParts<Conversation>(options, {
    open: (path) => readConversations(path, options),
    split: (examples, validationFraction, salt) =>
      splitByKey(examples, ({ messages }) => JSON.stringify(messages), {
        ...{ validationFraction, salt },
      }),
  }, notes);
  const { onLong } = options;
  const sets = encodeParts(
    parts,
    chatEncoder({ tokenizer, context, onLong, template }),
    notes,
  );
  return {
    spec: { name: "chat" },
    ...{ sets, notes },
    asked: {
      prompts: (part) =>
        parts[part].map(({ messages }) => tokenizer.encode(template.prompt(messages.slice(0, -1)))),
      stop: template.stop,
      report(part, chosen, answers, about) {
        const conversations = chosen.map((i) => parts[part][i].messages);
        return reportTexts({
          references: conversations.map((messages) => [messages.at(-1)!.content]),
          predictions: [...answers],
          inputs: conversations.map((messages) => messages.at(-2)?.content ?? ""),
          ...{ tokenizer: options.bleuTokenizer, isChat: true, about },
        });
      },
    },
  };
}
