import { type ChatTemplate, DataError, type TemplateMessage } from "../../data/mod.ts";
import { badRequest } from "../errors.ts";

/** Characters that no text may hold: Unicode keeps them for such use as marks. */
const MARKS = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i));

/** Plain text, or a special token. */
export type Stretch = { text: string } | { special: string };

/**
 * The prompt of a chat as stretches: text in which special tokens are to be found if the template
 * wrote it and must stay text if a message did.
 *
 * @param specialTokens texts of the special tokens
 * @throws {HttpError} 400 where the template refuses the messages
 */
export function chatStretches(
  template: ChatTemplate,
  messages: readonly TemplateMessage[],
  specialTokens: Iterable<string>,
): Stretch[] {
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
  const text = render(template, hidden);
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

function render(template: ChatTemplate, messages: readonly TemplateMessage[]): string {
  try {
    return template.prompt(messages);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    // The error's own words name the template's file, which is nothing for clients.
    throw badRequest(
      `The model's chat template refuses the messages: ${(error.cause as Error).message}`,
      { param: "messages", cause: error },
    );
  }
}

/** A pattern that finds any of the texts, the longest first; undefined for none. */
function alternatives(texts: Iterable<string>): RegExp | undefined {
  const sorted = [...texts].filter((text) => text !== "").sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return undefined;
  return new RegExp(sorted.map((text) => RegExp.escape(text)).join("|"), "g");
}
