import { type AST, RegExpParser, RegExpSyntaxError } from "@eslint-community/regexpp";
import { ALL, type CodePoints, codePoints, complement } from "./code_points.ts";
import { Nfa } from "./nfa.ts";

/** Longest pattern, in UTF-16 code units. */
const MAX_LENGTH = 4096;
/** Most groups within each other. */
const MAX_DEPTH = 64;
/** Largest count in braces. */
const MAX_REPEATS = 1000;

const NOT_ANCHORS = "is only understood at the ends of the pattern or of one of its alternatives";
const SETS: Readonly<Record<"any" | "digit" | "space" | "word", CodePoints>> = {
  any: complement(codePoints([[0x0a, 0x0a], [0x0d, 0x0d], [0x2028, 0x2029]])),
  digit: codePoints([[0x30, 0x39]]),
  space: codePoints([
    ...[[0x09, 0x0d], [0x20, 0x20], [0xa0, 0xa0], [0x1680, 0x1680], [0x2000, 0x200a]] as const,
    ...[[0x2028, 0x2029], [0x202f, 0x202f], [0x205f, 0x205f], [0x3000, 0x3000]] as const,
    [0xfeff, 0xfeff],
  ]),
  word: codePoints([[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]),
};

/** Options of {@linkcode parsePattern}. */
export interface PatternOptions {
  /**
   * Whether the pattern stands for all texts in which it is found, as in JSON Schema, rather than
   * for those that it matches whole. @default false
   */
  search?: boolean;
}

/**
 * The automaton of a regular expression as ECMAScript writes it with the flag `u`. What an automaton
 * cannot do (look around, refer back, `\b`, `\p{…}`) is refused, and so is a repeat without end of
 * what may be empty.
 *
 * @throws {SyntaxError} naming the place in the pattern that cannot be used
 * @throws {RangeError} where the pattern is too long, too deep, or repeats too often
 */
export function parsePattern(source: string, { search = false }: PatternOptions = {}): Nfa {
  assertSize(source);
  return new PatternReader().read(parse(source), search);
}

function assertSize(source: string): void {
  if (source.length > MAX_LENGTH) {
    throw new RangeError(
      `Cannot use the regular expression: it must have at most ${MAX_LENGTH} characters, got ` +
        `${source.length}; make it shorter`,
    );
  }
  let depth = 0;
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const character = source[i];
    if (character === "\\") i++;
    else if (inClass) inClass = character !== "]";
    else if (character === "[") inClass = true;
    else if (character === ")") depth--;
    else if (character === "(" && ++depth > MAX_DEPTH) {
      throw tooLarge(`at most ${MAX_DEPTH} groups within each other`, i, "make it flatter");
    }
  }
}

function parse(source: string): AST.Pattern {
  try {
    return new RegExpParser({ ecmaVersion: 2024 })
      .parsePattern(source, 0, source.length, { unicode: true });
  } catch (cause) {
    if (!(cause instanceof RegExpSyntaxError)) throw cause;
    const reason = cause.message.slice(cause.message.lastIndexOf("/u: ") + "/u: ".length);
    throw new SyntaxError(
      `Cannot use the regular expression: ${reason} at character ${cause.index}; mend it`,
      { cause },
    );
  }
}

/** Makes an automaton of a parsed pattern. */
class PatternReader {
  readonly #nfa = new Nfa();
  /** Numbers of the sets of what reads one character: a repeat comes to it again and again. */
  readonly #sets = new Map<AST.Element, number>();

  read({ alternatives }: AST.Pattern, search: boolean): Nfa {
    const nfa = this.#nfa;
    const all = nfa.set(ALL);
    for (const { elements } of alternatives) {
      const parts = [...elements];
      const [from, to] = [nfa.state(), nfa.state()];
      if (isAnchor(parts.at(0), "start")) parts.shift();
      else if (search) nfa.edge(from, all, from);
      if (isAnchor(parts.at(-1), "end")) parts.pop();
      else if (search) nfa.edge(to, all, to);
      nfa.skip(nfa.start, from);
      this.#addAll(from, parts, to);
      nfa.skip(to, nfa.end);
    }
    return nfa;
  }

  #addAll(from: number, elements: readonly AST.Element[], to: number): void {
    if (elements.length === 0) this.#nfa.skip(from, to);
    elements.forEach((element, i) => {
      const next = i + 1 < elements.length ? this.#nfa.state() : to;
      this.#add(from, element, next);
      from = next;
    });
  }

  #add(from: number, element: AST.Element, to: number): void {
    switch (element.type) {
      case "Character":
      case "CharacterSet":
      case "CharacterClass": {
        let set = this.#sets.get(element);
        if (set === undefined) this.#sets.set(element, set = this.#nfa.set(setOf(element)));
        this.#nfa.edge(from, set, to);
        return;
      }
      case "Group":
      case "CapturingGroup":
        for (const { elements } of element.alternatives) this.#addAll(from, elements, to);
        return;
      case "Quantifier":
        this.#addQuantifier(from, element, to);
        return;
      case "Assertion":
        if (element.kind === "start" || element.kind === "end") {
          throw unsupported(element, NOT_ANCHORS);
        }
        throw unsupported(element);
      default:
        throw unsupported(element);
    }
  }

  /** A repeat is written out: so often as it must be, and then as it may be. */
  #addQuantifier(from: number, quantifier: AST.Quantifier, to: number): void {
    const { min, max, element, raw, start } = quantifier;
    if ((max === Infinity ? min : max) > MAX_REPEATS) {
      throw tooLarge(`at most ${MAX_REPEATS} repeats`, start, "make the count smaller");
    }
    if (max === Infinity && maybeEmpty(element)) {
      throw new SyntaxError(
        `Cannot use the regular expression: ${raw.slice(0, 40)} at character ${start} repeats ` +
          "without end what may be empty; let what is repeated hold at least one character",
      );
    }
    const nfa = this.#nfa;
    const addOne = () => {
      const next = nfa.state();
      this.#add(from, element, next);
      from = next;
    };
    for (let i = 0; i < min; i++) addOne();
    if (max === Infinity) {
      const loop = nfa.state();
      nfa.skip(from, loop);
      this.#add(loop, element, loop);
      from = loop;
    } else {
      for (let i = min; i < max; i++) {
        nfa.skip(from, to);
        addOne();
      }
    }
    nfa.skip(from, to);
  }
}

function isAnchor(element: AST.Element | undefined, kind: "start" | "end"): boolean {
  return element?.type === "Assertion" && element.kind === kind;
}

function maybeEmpty(element: AST.Element): boolean {
  switch (element.type) {
    case "Group":
    case "CapturingGroup":
      return element.alternatives.some(({ elements }) => elements.every(maybeEmpty));
    case "Quantifier":
      return element.min === 0 || maybeEmpty(element.element);
    default:
      return false;
  }
}

type SetElement =
  | AST.Character
  | AST.CharacterSet
  | AST.CharacterClass
  | AST.CharacterClass["elements"][number];

function setOf(element: SetElement): CodePoints {
  switch (element.type) {
    case "Character":
      return codePoints([[element.value, element.value]]);
    case "CharacterClassRange":
      return codePoints([[element.min.value, element.max.value]]);
    case "CharacterSet": {
      if (element.kind === "property") throw unsupported(element);
      const set = SETS[element.kind];
      return element.kind !== "any" && element.negate ? complement(set) : set;
    }
    case "CharacterClass": {
      const ranges: [number, number][] = [];
      for (const set of element.elements.map(setOf)) {
        for (let i = 0; i < set.length; i += 2) ranges.push([set[i], set[i + 1]]);
      }
      const set = codePoints(ranges);
      return element.negate ? complement(set) : set;
    }
    default:
      throw unsupported(element);
  }
}

function unsupported({ raw, start }: AST.Node, why = "is not supported"): SyntaxError {
  return new SyntaxError(
    `Cannot use the regular expression: ${raw.slice(0, 40)} at character ${start} ${why}; write ` +
      "it with characters, classes, groups, alternatives and repeats",
  );
}

function tooLarge(wanted: string, place: number, remedy: string): RangeError {
  return new RangeError(
    `Cannot use the regular expression: it must have ${wanted}, has more at character ${place}; ` +
      remedy,
  );
}
