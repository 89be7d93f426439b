import { ALL, type CodePoints, codePoints, has, intersect, utf8Sequences } from "./code_points.ts";
import type { NetworkBuilder } from "./network.ts";
import { determinize, type Dfa } from "./nfa.ts";
import { parsePattern } from "./pattern.ts";

/** How characters stand in the answer: as they are, or within the quotes of a JSON string. */
export type Spelling = "plain" | "json";

const ASCII: CodePoints = [0, 0x7f];
const NOT_ASCII: CodePoints = [0x80, 0x10ffff];
/** What a JSON string holds only behind a backslash. */
const ESCAPED = [...Array(0x20).keys(), 0x22, 0x5c];
/** What a JSON string holds as it is: all but control characters, quotes and backslashes. */
const UNESCAPED: CodePoints = codePoints([[0x20, 0x21], [0x23, 0x5b], [0x5d, 0x10ffff]]);
/** Every escape of JSON; half a surrogate pair stands for no character. */
const ESCAPE =
  String.raw`\\(?:["\\/bfnrt]|u(?:[0-9a-cA-Ce-fE-F][\da-fA-F]{3}|[dD][0-7][\da-fA-F]{2}|` +
  String.raw`[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}))`;

/** What reads one character of a set. */
interface Spelt {
  /** The bytes that are such a character: the first and last of each range. */
  bytes: CodePoints;
  /** Entries of the rules that read others. */
  rules: number[];
}

/** Where something is written. */
export interface Place {
  /** The state that its edges lead from. */
  from: number;
  /** The state that they lead to. */
  to: number;
  spelling: Spelling;
}

/**
 * Adds edges that read one character of a set, in JSON spelt the way that `JSON.stringify` spells
 * it, or in any way where the set holds all characters.
 */
export function writeSet(
  network: NetworkBuilder,
  set: CodePoints,
  { from, to, spelling }: Place,
): void {
  writeSpelt(network, from, spell(network, set, spelling), to);
}

function writeSpelt(network: NetworkBuilder, from: number, spelt: Spelt, to: number): void {
  const { bytes, rules } = spelt;
  for (let i = 0; i < bytes.length; i += 2) network.edge(from, bytes[i], bytes[i + 1], to);
  for (const rule of rules) network.call(from, rule, to);
}

function spell(network: NetworkBuilder, set: CodePoints, spelling: Spelling): Spelt {
  const bare = spelling === "json" ? intersect(set, UNESCAPED) : set;
  const spelt: Spelt = { bytes: intersect(bare, ASCII), rules: [] };
  const long = intersect(intersect(bare, NOT_ASCII), network.alphabet);
  if (long.length > 0) {
    spelt.rules.push(network.rule(`characters ${long}`, (entry, exit) => {
      for (const sequence of utf8Sequences(long)) writeSequence(network, entry, sequence, exit);
    }));
  }
  if (spelling === "plain") return spelt;
  const isAll = String(set) === String(ALL);
  const escaped = ESCAPED.filter((code) => has(set, code)).map((code) => String.fromCharCode(code));
  if (isAll) {
    spelt.rules.push(network.rule("any escape", (entry, exit) => {
      const place = { from: entry, to: exit, spelling: "plain" } as const;
      writeDfa(network, determinize(parsePattern(ESCAPE), network), place);
    }));
  } else if (escaped.length > 0) {
    spelt.rules.push(network.rule(`escapes ${escaped}`, (entry, exit) => {
      const texts = escaped.map((text) => JSON.stringify(text).slice(1, -1));
      writeTexts(network, entry, texts, exit);
    }));
  }
  return spelt;
}

/** Bounds of a text's length, in code points. */
export interface LengthOptions {
  /** @default 0 */
  minLength?: number;
  /** @default none */
  maxLength?: number;
}

/** Adds edges that read a text of an automaton. */
export function writeDfa(
  network: NetworkBuilder,
  dfa: Dfa,
  { from, to, spelling }: Place,
  { minLength = 0, maxLength }: LengthOptions = {},
): void {
  const most = maxLength ?? minLength; // beyond it lengths make no difference, or are too large
  const written = new Map<number, number>(); // states of the network, by state and length
  const spelt = new Map<CodePoints, Spelt>();
  const unwritten: [state: number, length: number, at: number][] = [];
  const stateOf = (state: number, length: number): number => {
    const key = state * (most + 1) + length;
    let at = written.get(key);
    if (at === undefined) {
      written.set(key, at = network.state());
      unwritten.push([state, length, at]);
    }
    return at;
  };
  network.skip(from, stateOf(0, 0));
  for (const [state, length, at] of unwritten) {
    if (dfa.accepts[state] && length >= minLength) network.skip(at, to);
    if (length === maxLength) continue;
    // Where a bound is further away than any token reaches, it makes no difference how far.
    const like = length < minLength - network.longest ? 0 : minLength;
    const isFar = maxLength === undefined || maxLength - length >= network.longest;
    if (isFar && length > like) network.alike(at, stateOf(state, like));
    for (const edge of dfa.edges[state]) {
      const next = stateOf(edge.to, Math.min(length + 1, most));
      let parts = spelt.get(edge.set);
      if (!parts) spelt.set(edge.set, parts = spell(network, edge.set, spelling));
      writeSpelt(network, at, parts, next);
    }
  }
}

/** Adds edges that read exactly a text; none where a character of it cannot be written. */
export function writeText(network: NetworkBuilder, from: number, text: string, to: number): void {
  for (const character of text) {
    if (!has(network.alphabet, character.codePointAt(0)!)) return;
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0) network.skip(from, to);
  else writeSequence(network, from, Array.from(bytes, (byte) => [byte, byte] as const), to);
}

/** Adds edges that read one of some texts, which share the states of their common beginnings. */
export function writeTexts(
  network: NetworkBuilder,
  from: number,
  texts: Iterable<string>,
  to: number,
): void {
  const sorted = [...new Set(texts)].filter((text) =>
    Array.from(text).every((character) => has(network.alphabet, character.codePointAt(0)!))
  ).map((text) => new TextEncoder().encode(text)).sort(compareBytes);
  const trail = [from]; // the states behind each byte of the text before
  let before = new Uint8Array();
  for (const bytes of sorted) {
    let shared = 0;
    while (shared < before.length && before[shared] === bytes[shared]) shared++;
    trail.length = shared + 1;
    for (let i = shared; i < bytes.length; i++) {
      const next = network.state();
      network.edge(trail[i], bytes[i], bytes[i], next);
      trail.push(next);
    }
    network.skip(trail[bytes.length], to);
    before = bytes;
  }
}

function writeSequence(
  network: NetworkBuilder,
  from: number,
  sequence: readonly (readonly [number, number])[],
  to: number,
): void {
  sequence.forEach(([first, last], i) => {
    const next = i + 1 < sequence.length ? network.state() : to;
    network.edge(from, first, last, next);
    from = next;
  });
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
