import { isRecord, readTable, type TableOptions } from "./columns.ts";
import { BadExample, describe, filledText, type Place, type TaskReader } from "./reader.ts";

/** Who says something. */
export type ChatRole = "system" | "user" | "assistant";

/** One turn of a conversation. */
export interface ChatMessage {
  /** Who says it. */
  role: ChatRole;
  /** What is said. */
  content: string;
}

/** A conversation: perhaps a system message, then user and assistant in turn, the assistant last. */
export interface Conversation {
  /** In order. */
  messages: ChatMessage[];
  /** Where it was read. */
  place: Place;
}

/** Options of {@linkcode readConversations}. */
export interface ReadConversationsOptions extends Pick<TableOptions, "onBad"> {
  /** Key of the list of messages. @default "messages", or "conversation" */
  messagesColumn?: string;
}

/**
 * Conversations from JSON Lines as chat services take them: `{"messages": [{"role", "content"}]}`.
 *
 * @param path the file's name, for examples and errors
 * @throws {DataError} in the stream, with the line, where a message is empty, roles do not alternate
 * or the assistant does not have the last word, unless such lines are skipped
 * @example
 * ```ts
 * import { readConversations } from "@quern/quern";
 * const messages = [{ role: "user", content: "Hi!" }, { role: "assistant", content: "Hello." }];
 * const file = new Blob([JSON.stringify({ messages })]).stream();
 * for await (const { messages } of file.pipeThrough(readConversations("chat.jsonl"))) {
 *   console.log(messages.length);
 * }
 * ```
 */
export function readConversations(
  path: string,
  options: ReadConversationsOptions = {},
): TaskReader<Conversation> {
  return readTable(path, {
    roles: [{
      name: "messages",
      column: options.messagesColumn,
      known: ["messages", "conversation"],
    }],
    guess: () => [],
    make: ({ messages }, place) => ({ messages: checkedMessages(messages), place }),
  }, { ...options, format: "jsonl" });
}

/**
 * Checks the messages of a conversation.
 *
 * @throws {BadExample} naming the message, from 1, and what is wrong with it
 */
function checkedMessages(value: unknown): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0) {
    const found = Array.isArray(value) ? "none" : describe(value);
    throw new BadExample("no messages", `wanted a list of messages, got ${found}`);
  }
  const messages = value.map((message, i) => checkedMessage(message, i + 1));
  const start = messages[0].role === "system" ? 1 : 0;
  messages.slice(start).forEach(({ role }, i) => {
    const wanted = i % 2 === 0 ? "user" : "assistant";
    if (role === wanted) return;
    throw new BadExample(
      "roles that do not alternate",
      `the conversation does not alternate: message ${
        start + i + 1
      } must be the ${wanted}'s, got ` +
        `${role}'s; join or remove messages`,
    );
  });
  const { role } = messages[messages.length - 1];
  if (role !== "assistant") {
    throw new BadExample(
      "no last answer",
      `the conversation ends with the ${role}, so there is nothing to learn from its end; remove ` +
        "the last message or add an answer",
    );
  }
  return messages;
}

function checkedMessage(value: unknown, number: number): ChatMessage {
  if (!isRecord(value)) {
    throw new BadExample(
      "no message",
      `message ${number} must be an object with role and content, got ${describe(value)}`,
    );
  }
  const { role, content } = value;
  if (role !== "system" && role !== "user" && role !== "assistant") {
    throw new BadExample(
      "unknown role",
      `the role of message ${number} must be system, user or assistant, got ${describe(role)}`,
    );
  }
  return { role, content: filledText(content, `message ${number}`, "message") };
}
