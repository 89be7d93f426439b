import { Template } from "@huggingface/jinja";
import { DataError } from "../errors.ts";
import { isRecord } from "./columns.ts";

/** A message as a template sees it; templates may know more roles than readers of files. */
export interface TemplateMessage {
  /** `system`, `user`, `assistant` or what else the template knows. */
  role: string;
  /** What is said. */
  content: string;
  /** Who of that role says it. @default not said */
  name?: string;
}

/** A stretch of a conversation as the model sees it. */
export interface ChatPart {
  /** The text itself. */
  text: string;
  /** Whether the model is to say it: what an assistant says, and the mark that ends it. */
  isAnswer: boolean;
}

/** Turns conversations into text. */
export interface ChatTemplate {
  /** The Jinja source. */
  readonly source: string;
  /** Texts that end an answer of a model that was never taught where to end. */
  readonly stop: readonly string[];
  /**
   * What the model sees before it answers.
   *
   * @throws {DataError} where the template does not render these messages
   */
  prompt(messages: readonly TemplateMessage[]): string;
  /**
   * The whole conversation in parts; joined they are what the template makes of it.
   *
   * @throws {DataError} where the template does not render these messages, or changes what came
   * before a message once it is there
   */
  parts(messages: readonly TemplateMessage[]): ChatPart[];
}

/** Options of {@linkcode chatTemplate}. */
export interface ChatTemplateOptions {
  /** The file that it comes from, for errors. @default "the chat template" */
  path?: string;
  /** What `bos_token` is in it. @default "" */
  beginOfText?: string;
  /** What `eos_token` is in it. @default "" */
  endOfText?: string;
}

/**
 * The template where a model has none: `System: `, `User: ` or `Assistant: `, what is said, and
 * end-of-text with a line feed; where the tokenizer has no end-of-text, an empty line.
 */
export const PLAIN_CHAT_TEMPLATE: string = "{%- for message in messages -%}" +
  "{{ message.role | capitalize }}: {{ message.content | trim }}" +
  "{{ eos_token + '\\n' if eos_token else '\\n\\n' }}" +
  "{%- endfor -%}" +
  "{%- if add_generation_prompt %}{{ 'Assistant:' }}{% endif -%}";

/**
 * A chat template in Jinja, as Hugging Face's `chat_template` has it.
 *
 * @throws {DataError} where the template is no Jinja
 * @example
 * ```ts
 * import { chatTemplate, PLAIN_CHAT_TEMPLATE } from "@quern/quern";
 * const template = chatTemplate(PLAIN_CHAT_TEMPLATE, { endOfText: "<|endoftext|>" });
 * console.log(template.prompt([{ role: "user", content: "Hi!" }]));
 * ```
 */
export function chatTemplate(source: string, options: ChatTemplateOptions = {}): ChatTemplate {
  const { path = "the chat template", beginOfText = "", endOfText = "" } = options;
  const fail = (problem: string, cause?: unknown): never => {
    throw new DataError(`Cannot ${problem}`, path, 0, { cause });
  };
  let template: Template;
  try {
    template = new Template(source);
  } catch (cause) {
    const { message } = cause as Error;
    return fail(`read the chat template: it is no Jinja (${message}); mend it`, cause);
  }

  function render(messages: readonly TemplateMessage[], add_generation_prompt: boolean): string {
    try {
      return template.render({
        messages: messages.map((message) => ({ ...message })),
        add_generation_prompt,
        bos_token: beginOfText,
        eos_token: endOfText,
      });
    } catch (cause) {
      const { message } = cause as Error;
      return fail(
        `render the chat template: ${message}; mend the template or the conversation`,
        cause,
      );
    }
  }

  return {
    source,
    stop: source === PLAIN_CHAT_TEMPLATE ? ["\nUser:"] : [],
    prompt: (messages) => render(messages, true),
    parts(messages) {
      const parts: ChatPart[] = [];
      const whole = render(messages, false);
      let at = 0;
      messages.forEach(({ role, content }, i) => {
        if (role !== "assistant") return;
        const asked = render(messages.slice(0, i), true);
        const answered = render(messages.slice(0, i + 1), false);
        if (!answered.startsWith(asked) || !whole.startsWith(answered)) {
          fail(
            `use the chat template: it writes message ${i + 1} in another way once more messages ` +
              "follow, so it can't be told what the assistant says; mend it",
          );
        }
        const end = asked.length + answerLength(answered.slice(asked.length), content);
        if (asked.length > at) parts.push({ text: whole.slice(at, asked.length), isAnswer: false });
        parts.push({ text: whole.slice(asked.length, end), isAnswer: true });
        at = end;
      });
      if (at < whole.length) parts.push({ text: whole.slice(at), isAnswer: false });
      return parts;
    },
  };
}

/** Length of an answer up to its end mark; white space behind a mark is not for the model to say. */
function answerLength(answer: string, content: string): number {
  const said = answer.indexOf(content.trim());
  const mark = said < 0 ? answer : answer.slice(said + content.trim().length);
  return mark.trim() === "" ? answer.length : answer.trimEnd().length;
}

/**
 * Reads the chat template of a model's folder: `chat_template` of `tokenizer_config.json` (a text,
 * or of a list the one named `default`), or `chat_template.jinja`.
 *
 * @returns undefined where the model has none
 * @throws {DataError} where the file is no JSON or the template is no Jinja
 */
export async function readChatTemplate(folder: string): Promise<ChatTemplate | undefined> {
  const path = `${folder}/tokenizer_config.json`;
  const text = await readIfThere(path);
  let config: unknown = {};
  try {
    config = JSON.parse(text ?? "{}");
  } catch (cause) {
    throw new DataError(
      `Cannot read the chat template: wanted JSON, got ${(cause as Error).message}`,
      path,
      0,
      { cause },
    );
  }
  const fields = isRecord(config) ? config : {};
  const tokenText = (value: unknown): string =>
    typeof value === "string" ? value : isRecord(value) ? tokenText(value.content) : "";
  const options = {
    beginOfText: tokenText(fields.bos_token),
    endOfText: tokenText(fields.eos_token),
  };
  const file = await readIfThere(`${folder}/chat_template.jinja`);
  if (file !== undefined) {
    return chatTemplate(file, { ...options, path: `${folder}/chat_template.jinja` });
  }
  const { chat_template: found } = fields;
  const source = Array.isArray(found)
    ? found.find((each) => isRecord(each) && each.name === "default")?.template
    : found;
  return typeof source === "string" ? chatTemplate(source, { ...options, path }) : undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
}
