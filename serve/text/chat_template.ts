import { Template } from "@huggingface/jinja";
import { badRequest } from "../errors.ts";

/** A message as a template sees it. */
export interface TemplateMessage {
  /** `system`, `user` or `assistant`. */
  role: string;
  /** Its text. */
  content: string;
  /** Who of that role speaks. @default not said */
  name?: string;
}

/** Texts of special tokens that templates use. */
export interface TemplateTokens {
  /** What begins a text. @default "" */
  bosToken?: string;
  /** What ends a text. @default "" */
  eosToken?: string;
}

/**
 * The template of models that bring none: each message as `role: content` and an empty line, then
 * `assistant:` for the model to go on.
 */
export const DEFAULT_CHAT_TEMPLATE = "{% for message in messages %}" +
  "{{ message.role }}: {{ message.content }}\n\n{% endfor %}assistant:";

/** Characters that no text may hold: Unicode keeps them for such use as marks. */
const MARKS = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i));

/** Makes the prompt of a chat, as the template of the model's tokenizer says. */
export class ChatTemplate {
  readonly #template: Template;
  /** Texts that end an answer, for a template that has no token for it. */
  readonly stop: readonly string[];

  /**
   * Reads a template.
   *
   * @param source Jinja, as `chat_template` of `tokenizer_config.json` has it; undefined for
   * {@linkcode DEFAULT_CHAT_TEMPLATE}
   * @throws {Error} if it is no template
   */
  constructor(source: string | undefined, private readonly tokens: TemplateTokens = {}) {
    this.#template = new Template(source ?? DEFAULT_CHAT_TEMPLATE);
    this.stop = source === undefined ? ["\n\nuser:"] : [];
  }

  /**
   * The prompt as stretches: text in which special tokens are to be found if the template wrote it
   * and must stay text if a message did.
   *
   * @param specialTokens texts of the special tokens
   * @throws {HttpError} 400 where the template refuses the messages
   */
  render(messages: readonly TemplateMessage[], specialTokens: Iterable<string>): Stretch[] {
    const special = alternatives(specialTokens);
    const mark = MARKS.find((each) => !messages.some(({ content }) => content.includes(each)));
    if (mark === undefined) throw badRequest("messages hold too many kinds of noncharacters");
    // A mark behind its first character hides a special token; it is taken out after the template.
    const hide = (text: string) =>
      special ? text.replace(special, (token) => token[0] + mark + token.slice(1)) : text;
    const hidden = messages.map((message) => ({
      ...message,
      content: hide(message.content),
      ...(message.name === undefined ? {} : { name: hide(message.name) }),
    }));
    const text = this.#run(hidden);
    const stretches: Stretch[] = [];
    let done = 0;
    const push = (to: number) => {
      if (to > done) stretches.push({ text: text.slice(done, to).replaceAll(mark, "") });
    };
    for (const match of special ? text.matchAll(special) : []) {
      push(match.index);
      stretches.push({ special: match[0] });
      done = match.index + match[0].length;
    }
    push(text.length);
    return stretches;
  }

  #run(messages: TemplateMessage[]): string {
    try {
      return this.#template.render({
        messages,
        add_generation_prompt: true,
        bos_token: this.tokens.bosToken ?? "",
        eos_token: this.tokens.eosToken ?? "",
      });
    } catch (cause) {
      throw badRequest(
        `The model's chat template refuses the messages: ${(cause as Error).message}`,
        { param: "messages", cause },
      );
    }
  }
}

/** Plain text, or a special token. */
export type Stretch = { text: string } | { special: string };

/** A pattern that finds any of the texts, the longest first; undefined for none. */
function alternatives(texts: Iterable<string>): RegExp | undefined {
  const sorted = [...texts].filter((text) => text !== "").sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return undefined;
  return new RegExp(sorted.map((text) => RegExp.escape(text)).join("|"), "g");
}
