import { splitRegExp } from "./patterns.ts";

/** Takes the pre-token `text.slice(start, end)`. */
export type TakePreToken = (text: string, start: number, end: number) => void;

/**
 * Cuts texts into pre-tokens: each match of the pattern and each stretch between two matches is one.
 *
 * @param pattern as a `tokenizer.json` writes it
 * @throws {SyntaxError} where the pattern is wrong or has what can't be written in JavaScript
 */
export function preTokenSplitter(pattern: string): (text: string, take: TakePreToken) => void {
  const anywhere = splitRegExp(pattern);
  // Tells where a match ends and makes no array or string of it, which takes half the time.
  const here = new RegExp(anywhere.source, "uy");
  return (text, take) => {
    let start = 0;
    while (start < text.length) {
      here.lastIndex = start;
      if (here.test(text) && here.lastIndex > start) {
        take(text, start, here.lastIndex);
        start = here.lastIndex;
      } else {
        const next = nextMatch(anywhere, text, start);
        take(text, start, next);
        start = next;
      }
    }
  };
}

/** Where the next match that isn't empty begins, or the text's end. */
function nextMatch(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    if (match[0] !== "") return match.index;
    pattern.lastIndex += text.codePointAt(match.index)! > 0xffff ? 2 : 1;
  }
  return text.length;
}
