import { type PassageUnit, removePassages } from "../passages.ts";
import type { Step } from "../stage.ts";
import { withText } from "./analysis.ts";

/** Options of `boilerplateRemoval`. */
export interface BoilerplateOptions {
  /** More lines to remove: whole lines, upper and lower case alike. @default none */
  lines?: readonly string[];
  /** Whether the built-in rules are used too. @default true */
  builtIn?: boolean;
}

/** What pages say to their visitors, as whole lines of at most so many characters. */
const LONGEST_BOILERPLATE = 160;
const BOILERPLATE = new RegExp(
  `^(?:${
    [
      "(?:skip|jump) to (?:main |the )?(?:content|navigation|search)",
      "(?:back|return) to (?:the )?(?:top|home|homepage|home page|main page|index)",
      "(?:log|sign) ?(?:in|on|out|up)(?: (?:or|/|\\|) ?(?:log in|sign up|register|join))?",
      "(?:read|see|show|load|view|learn) (?:more|less|all)(?: \\.\\.\\.)?",
      "continue reading",
      "(?:leave|post|add|write) a (?:comment|reply)",
      "(?:no|[0-9]+) comments?(?: yet)?",
      "(?:share|tweet|like|pin|follow|print|email)(?: this| us| it)?" +
      "(?: (?:on|via|with|by) (?:facebook|twitter|x|linkedin|pinterest|whatsapp|reddit|e-?mail|instagram|youtube))?",
      "(?:next|previous|older|newer)(?: (?:page|post|posts|article|story|entries))?",
      "(?:table of )?contents",
      "advertise?ments?|sponsored(?: content)?",
      "subscribe(?: now)?(?: (?:to|for) (?:our|the)(?: [a-z]+)? (?:newsletter|feed|mailing list)s?)?",
      "(?:terms(?: (?:of (?:use|service)|(?:and|&) conditions))?|(?:privacy|cookies?)(?: policy| notice| settings)|disclaimer|imprint|site ?map)" +
      "(?: ?[|•·/-] ?(?:terms(?: (?:of (?:use|service)|(?:and|&) conditions))?|(?:privacy|cookies?)(?: policy| notice| settings)|disclaimer|imprint|site ?map|contact(?: us)?))*",
      "(?:accept|allow|reject|decline|manage)(?: all)? cookies",
      "(?:copyright|©|\\(c\\)).*",
      ".*\\ball rights reserved",
      "powered by \\S+(?: \\S+)?",
      "please (?:enable|turn on) javascript.*",
      "(?:this|our) (?:web)?site uses cookies.*",
    ].join("|")
  })[\\s.!:»›→…]*$`,
  "i",
);

/**
 * A step that removes the lines that belong to a page and not to its text: menus, notices of cookies
 * and copyright, calls to share, log in and subscribe (built-in rules for English), and the lines of
 * a list. Only whole lines go.
 *
 * @example
 * ```ts
 * import { boilerplateRemoval } from "@quern/quern";
 * const { apply } = boilerplateRemoval({ lines: ["The Daily Miller"] });
 * const text = "THE DAILY MILLER\nSkip to content\nCorn is up.\n© 2024 Miller & Sons";
 * console.log(apply({ id: "0", text, source: "example", metadata: {} })); // … text: "Corn is up."
 * ```
 */
export function boilerplateRemoval(options: BoilerplateOptions = {}): Step {
  const { lines = [], builtIn = true } = options;
  const listed = new Set(lines.map((line) => line.trim().toLowerCase()));
  listed.delete("");
  const longest = Math.max(0, ...[...listed].map(({ length }) => length));
  const isBoilerplate = (line: string) =>
    line.length <= Math.max(longest, LONGEST_BOILERPLATE) && (
      listed.has(line.toLowerCase()) ||
      (builtIn && line.length <= LONGEST_BOILERPLATE && BOILERPLATE.test(line))
    );
  return {
    name: "boilerplate",
    apply: (document) => withText(document, removePassages(document.text, "line", isBoilerplate)),
  };
}

/** Options of `repetitionRemoval`. */
export interface RepetitionRemovalOptions {
  /** What is compared: lines, or paragraphs, between which stands an empty line. @default "line" */
  unit?: PassageUnit;
  /** Shorter ones may repeat, in UTF-16 units without the white space around them. @default 40 */
  minCharacters?: number;
}

/**
 * A step that removes the lines or paragraphs of a document that have come before in it, white space
 * around them aside. Repetition across documents is `RepeatedPassageFinder`'s.
 *
 * @throws {RangeError} for another unit
 */
export function repetitionRemoval(options: RepetitionRemovalOptions = {}): Step {
  const { unit = "line", minCharacters = 40 } = options;
  if (unit !== "line" && unit !== "paragraph") {
    throw new RangeError(`Cannot remove repetition: wanted line or paragraph, got ${unit}`);
  }
  const shortest = Math.max(1, minCharacters);
  return {
    name: `repeated ${unit}s`,
    apply(document) {
      const seen = new Set<string>();
      const hasComeBefore = (passage: string) =>
        passage.length >= shortest && seen.size === seen.add(passage).size;
      return withText(document, removePassages(document.text, unit, hasComeBefore));
    },
  };
}
