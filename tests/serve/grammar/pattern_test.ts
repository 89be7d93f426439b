import { assert, assertEquals, assertThrows } from "@std/assert";
import { ALL, has } from "../../../serve/grammar/code_points.ts";
import { determinize, type Meter } from "../../../serve/grammar/nfa.ts";
import { parsePattern } from "../../../serve/grammar/pattern.ts";
import { matches } from "./dfa.ts";
import { randomNumbers } from "./walk.ts";

const FREE: Meter = { spend() {} };

const ATOMS = [
  "a",
  "b",
  "é",
  "😀",
  ".",
  "\\d",
  "\\W",
  "[a-b]",
  "[^a]",
  "\\u{61}",
  "\\n",
  "[\\w.-]",
];
const REPEATS = ["", "", "*", "+", "?", "{2}", "{1,3}?", "{2,}"];

/** A random pattern of what is supported. */
function randomPattern(random: () => number, depth: number): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const atom = depth > 0 && random() < 0.4
      ? pick(["(", "(?:"]) + randomPattern(random, depth - 1) + ")"
      : pick(ATOMS);
    const maybeEmpty = new RegExp(`^(?:${atom})$`, "u").test("");
    return atom + pick(maybeEmpty ? ["", "?", "{0,2}"] : REPEATS);
  });
  return parts.join(pick(["", "", "|"]));
}

Deno.test("pattern: random patterns match what V8 lets them match", () => {
  const random = randomNumbers(1);
  let matched = 0;
  for (let i = 0; i < 200; i++) {
    const source = randomPattern(random, 2);
    const [whole, part] = [new RegExp(`^(?:${source})$`, "u"), new RegExp(source, "u")];
    const wholeDfa = determinize(parsePattern(source), FREE);
    const partDfa = determinize(parsePattern(source, { search: true }), FREE);
    for (let j = 0; j < 30; j++) {
      const length = Math.floor(random() * 6);
      const text = Array.from(
        { length },
        () => ["a", "a", "b", "é", "1", "\n", ".", "😀"][Math.floor(random() * 8)],
      ).join("");
      matched += Number(whole.test(text));
      assertEquals(matches(wholeDfa, text), whole.test(text), `${source} of ${text}`);
      assertEquals(matches(partDfa, text), part.test(text), `${source} in ${text}`);
    }
  }
  assert(matched > 600, `${matched} matched`);
});

Deno.test("pattern: anchors at the ends of alternatives", () => {
  for (const source of ["^a|b$", "^a$|^b", "a|^$", "^", "$", "", "^(?:a|b)$"]) {
    const dfa = determinize(parsePattern(source, { search: true }), FREE);
    for (const text of ["", "a", "b", "ab", "ba", "xa", "xb", "bx", "x"]) {
      const expected = new RegExp(source, "u").test(text);
      assertEquals(matches(dfa, text), expected, `${source} in ${text}`);
    }
  }
});

Deno.test("pattern: classes hold the characters that ECMAScript says", () => {
  for (
    const source of ["\\d", "\\D", "\\s", "\\S", "\\w", "\\W", ".", "[^\\s\\d]", "[\\]\\-a-f]"]
  ) {
    const [{ set }] = determinize(parsePattern(source), FREE).edges[0];
    const pattern = new RegExp(`^${source}$`, "u");
    for (let i = 0; i < ALL.length; i += 2) {
      for (let code = ALL[i]; code <= Math.min(ALL[i + 1], 0x1ffff); code++) {
        if (has(set, code) !== pattern.test(String.fromCodePoint(code))) {
          throw new Error(`${source}: U+${code.toString(16)}`);
        }
      }
    }
  }
});

Deno.test("pattern: what cannot be used is named with its place", () => {
  const cases: [source: string, error: typeof SyntaxError | typeof RangeError, text: string][] = [
    ["foo**", SyntaxError, "Nothing to repeat at character 5"],
    ["(", SyntaxError, "Unterminated group at character 1"],
    ["a{2,1}", SyntaxError, "numbers out of order in {} quantifier at character 6"],
    ["[z-a]", SyntaxError, "Range out of order in character class at character 4"],
    ["x(?=a)", SyntaxError, "(?=a) at character 1 is not supported"],
    ["x(?<!a)", SyntaxError, "(?<!a) at character 1 is not supported"],
    ["(a)\\1", SyntaxError, "\\1 at character 3 is not supported"],
    ["a\\b", SyntaxError, "\\b at character 1 is not supported"],
    ["\\p{L}", SyntaxError, "\\p{L} at character 0 is not supported"],
    ["[a\\P{L}]", SyntaxError, "\\P{L} at character 2 is not supported"],
    ["(?i:a)", SyntaxError, "Invalid group at character 1"],
    ["a^b", SyntaxError, "^ at character 1 is only understood at the ends"],
    ["(a$)", SyntaxError, "$ at character 2 is only understood at the ends"],
    ["(a*)*", SyntaxError, "(a*)* at character 0 repeats without end what may be empty"],
    ["b(a|)+", SyntaxError, "(a|)+ at character 1 repeats without end what may be empty"],
    ["((a|a)*b){2000}", RangeError, "at most 1000 repeats, has more at character 0"],
    ["a{1001,}", RangeError, "at most 1000 repeats"],
    ["(".repeat(65) + ")".repeat(65), RangeError, "at most 64 groups within each other"],
    ["a".repeat(4097), RangeError, "at most 4096 characters, got 4097"],
    ["(a{1000}){1000}", RangeError, "at most 10000 states"],
  ];
  for (const [source, error, text] of cases) {
    const thrown = assertThrows(() => parsePattern(source), error, text);
    assertEquals((thrown as Error).message.startsWith("Cannot use the regular expression: "), true);
  }
  assertEquals(parsePattern("[(]".repeat(70) + "\\(".repeat(70)).end, 1);
});

Deno.test("pattern: the way to a deterministic automaton is metered", () => {
  let steps = 0;
  const meter = {
    spend(more: number) {
      steps += more;
      if (steps > 10_000) throw new RangeError("too many");
    },
  };
  assertThrows(() => determinize(parsePattern("(a|b)*a(a|b){40}"), meter), RangeError, "too many");
});
