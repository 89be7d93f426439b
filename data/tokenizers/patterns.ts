/** A family of tokenizers whose pre-token pattern is known by name. */
export type PatternName = "gpt2" | "cl100k" | "o200k" | "llama3";

/** The contractions that o200k keeps at the end of a word. */
const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const UPPER = String.raw`\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}`;
const LOWER = String.raw`\p{Ll}\p{Lm}\p{Lo}\p{M}`;

/**
 * The pre-token patterns as a `tokenizer.json` writes them: `gpt2` is what its ByteLevel step means
 * by `use_regex`, the others stand in a Split step. Each matches every character of any text.
 *
 * tiktoken's own spelling has possessive quantifiers, which change nothing here, and `$` for the end
 * of the text, which in a `tokenizer.json` is the end of a line and is therefore written out.
 */
export const PATTERNS: Readonly<Record<PatternName, string>> = {
  gpt2: String
    .raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  cl100k: String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|` +
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?![\s\S])|\s*[\r\n]|\s+(?!\S)|\s`,
  o200k: String.raw`[^\r\n\p{L}\p{N}]?[${UPPER}]*[${LOWER}]+${CONTRACTION}?|` +
    String.raw`[^\r\n\p{L}\p{N}]?[${UPPER}]+[${LOWER}]*${CONTRACTION}?|\p{N}{1,3}|` +
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  llama3: String.raw`${CONTRACTION}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|` +
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
};

/** What an escape of a `tokenizer.json`'s patterns means, for use outside and inside a class. */
const ESCAPES: Readonly<Record<string, string>> = {
  s: String.raw`\p{White_Space}`,
  S: String.raw`\P{White_Space}`,
  d: String.raw`\p{Nd}`,
  D: String.raw`\P{Nd}`,
  A: String.raw`(?<![\s\S])`,
  z: String.raw`(?![\s\S])`,
};

/** What `\w` means to Rust, for use in a class. */
export const RUST_WORD: string = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;
/** What it means to Oniguruma: with the numbers of Latin-1 that are no digits. */
const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u00b2\u00b3\u00b9\u00bc-\u00be`;
const WORD_BORDER = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;

/**
 * A pattern of a `tokenizer.json` as JavaScript's global regular expression that matches the same.
 *
 * Such patterns are Oniguruma's: `\s` is Unicode's White_Space (with U+0085 and without U+FEFF,
 * unlike JavaScript's), `\d` and `\w` are Unicode's, `^` and `$` are the borders of a line, `.` is
 * all but a line feed, `++`, `*+` and `?+` are possessive, `(?>…)` is atomic.
 *
 * @throws {SyntaxError} where the pattern is wrong or has what can't be written in JavaScript
 */
export function splitRegExp(pattern: string): RegExp {
  try {
    return new RegExp(new Translation(pattern).text, "gu");
  } catch (cause) {
    throw new SyntaxError(
      `Cannot use the pattern ${pattern}: ${(cause as Error).message}; write it without, or use ` +
        Object.keys(PATTERNS).join(", "),
      { cause },
    );
  }
}

/** One walk over a pattern, which remembers where the last item began: `x`, `[…]`, `(…)`. */
class Translation {
  text = "";
  #item = 0;
  #groups: { start: number; atomic: boolean }[] = [];
  #atoms = 0;

  constructor(pattern: string) {
    // Flags at the start hold for all that follows.
    const flags = /^\(\?([ims]+)\)/.exec(pattern);
    this.#translate(flags ? `(?${flags[1]}:${pattern.slice(flags[0].length)})` : pattern);
  }

  #translate(pattern: string): void {
    const parts = pattern.matchAll(
      /\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|.)|\[(?:\\.|[^\\\]])*\]|\(\?(?:<?[=!]|[imsx-]*:|>|<[^>]*>)|\{\d*,?\d*\}\+?|[*+?][+?]?|./gsu,
    );
    for (const [part] of parts) {
      if (part[0] === "(") this.#open(part);
      else if (part === ")") this.#close();
      else if (/^[*+?]\+$/.test(part)) this.#makeAtomic(part[0]);
      else if (/^\{.*\}\+$/.test(part)) throw new SyntaxError(`${part} means two things`);
      else if (/^[*+?{]/.test(part)) this.text += part;
      else this.#add(part);
    }
  }

  #add(part: string): void {
    this.#item = this.text.length;
    if (part === "^") this.text += String.raw`(?<![^\n])`;
    else if (part === "$") this.text += String.raw`(?![^\n])`;
    else if (part === ".") this.text += String.raw`[^\n]`;
    else if (part === "\\b") this.text += WORD_BORDER;
    else if (part === "\\B") this.text += `(?!${WORD_BORDER})`;
    else if (part === "\\w") this.text += `[${WORD}]`;
    else if (part === "\\W") this.text += `[^${WORD}]`;
    else if (part[0] === "\\") this.text += escape(part);
    else if (part[0] === "[" && part.length > 1) this.text += translateClass(part);
    else this.text += part;
  }

  #open(part: string): void {
    this.#groups.push({ start: this.text.length, atomic: part === "(?>" });
    this.text += part === "(" || part === "(?>" ? "(?:" : part;
  }

  #close(): void {
    const group = this.#groups.pop();
    this.text += ")";
    if (!group) return;
    this.#item = group.start;
    if (group.atomic) this.#makeAtomic("");
  }

  /** What a lookahead has captured is not given back, so the capture stands for the item. */
  #makeAtomic(quantifier: string): void {
    const name = `a${this.#atoms++}`;
    const item = this.text.slice(this.#item);
    this.text = this.text.slice(0, this.#item) +
      `(?:(?=(?<${name}>${item}${quantifier}))\\k<${name}>)`;
  }
}

function translateClass(part: string): string {
  if (/^\[\^?\]|(?<!\\)\[|&&/.test(part.slice(1)) || part.includes("[:")) {
    throw new SyntaxError(`${part} holds a class or an intersection`);
  }
  return part.replace(/\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|x..|u....|.)/gsu, (found) => {
    if (found === "\\w") return WORD;
    if (/^\\[WAz]$/.test(found)) throw new SyntaxError(`${found} stands in a class`);
    return found === "\\-" ? found : escape(found);
  });
}

/** An escape that is no `\w`. */
function escape(part: string): string {
  const letter = part[1];
  if (Object.hasOwn(ESCAPES, letter)) return ESCAPES[letter];
  if (part.startsWith("\\x{")) return `\\u${part.slice(2)}`;
  if (/[pPxutnrfv]|[\^$\\.*+?()[\]{}|/]/.test(letter)) return part;
  if (/[\da-zA-Z]/.test(letter)) throw new SyntaxError(`${part} isn't known`);
  return letter;
}

/** The pattern of that name, or else the text itself as a pattern. */
export function patternOf(nameOrPattern: string): string {
  return Object.hasOwn(PATTERNS, nameOrPattern)
    ? PATTERNS[nameOrPattern as PatternName]
    : nameOrPattern;
}
