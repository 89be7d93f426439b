import { ALL } from "./code_points.ts";
import type { NetworkBuilder } from "./network.ts";
import { determinize } from "./nfa.ts";
import { parsePattern } from "./pattern.ts";
import { writeDfa, writeSet, writeText } from "./writer.ts";

/**
 * A whole number. Numbers are bounded, so that a model that goes on for ever writing digits comes to
 * an end, and so that none is read as infinity; what `JSON.stringify` writes up to 1e308 is within.
 */
const INTEGER = String.raw`0|-?[1-9]\d{0,20}`;
const NUMBER = String.raw`-?(?:0|[1-9]\d{0,20})(?:\.\d{1,24})?|` +
  String.raw`-?\d(?:\.\d{1,17})?[eE][+\-]?(?:\d{1,2}|[12]\d\d|30[0-7])`;
/** What may stand between the parts of a value: nothing, a space, or a line's end and indentation. */
const SPACE = String.raw` ?|\n[ \t]{0,40}`;

/** Adds edges that read the space between the parts of a value. */
export function writeSpace(network: NetworkBuilder, from: number, to: number): void {
  writeRule(network, "space", SPACE, from, to);
}

/** Adds edges that read any number. */
export function writeNumber(network: NetworkBuilder, from: number, to: number): void {
  writeRule(network, "number", NUMBER, from, to);
}

/** Adds edges that read any whole number. */
export function writeInteger(network: NetworkBuilder, from: number, to: number): void {
  writeRule(network, "integer", INTEGER, from, to);
}

function writeRule(
  network: NetworkBuilder,
  name: string,
  pattern: string,
  from: number,
  to: number,
): void {
  const rule = network.rule(name, (entry, exit) => {
    const place = { from: entry, to: exit, spelling: "plain" } as const;
    writeDfa(network, determinize(parsePattern(pattern), network), place);
  });
  network.call(from, rule, to);
}

/** Adds edges that read any string. */
export function writeString(network: NetworkBuilder, from: number, to: number): void {
  const rule = network.rule("string", (entry, exit) => {
    const inside = network.state();
    writeText(network, entry, '"', inside);
    writeSet(network, ALL, { from: inside, to: inside, spelling: "json" });
    writeText(network, inside, '"', exit);
  });
  network.call(from, rule, to);
}

/** Adds edges that read any value. */
export function writeValue(network: NetworkBuilder, from: number, to: number): void {
  const rule = network.rule("value", (entry, exit) => {
    for (const word of ["true", "false", "null"]) writeText(network, entry, word, exit);
    writeString(network, entry, exit);
    writeNumber(network, entry, exit);
    writeArray(network, { from: entry, to: exit, item: writeValue });
    writeMap(network, { from: entry, to: exit, value: writeValue });
  });
  network.call(from, rule, to);
}

/** Writes a part of a value between two states. */
export type Part = (network: NetworkBuilder, from: number, to: number) => void;

/** An array to be written. */
export interface ArrayParts {
  from: number;
  to: number;
  /** Writes an item; called once for each place that can be told from others by its number. */
  item: Part;
  /** @default 0 */
  minItems?: number;
  /** @default none */
  maxItems?: number;
}

/** Adds edges that read an array. */
export function writeArray(
  network: NetworkBuilder,
  { from, to, item, minItems = 0, maxItems }: ArrayParts,
): void {
  const [open, first, space] = [network.state(), network.state(), network.state()];
  writeText(network, from, "[", open);
  writeSpace(network, open, first);
  if (minItems === 0) writeText(network, first, "]", to);
  writeText(network, space, "]", to);
  let before = first;
  for (let count = 1; count <= (maxItems ?? Math.max(minItems, 1)); count++) {
    const behind = network.state();
    item(network, before, behind);
    if (count >= minItems) writeSpace(network, behind, space);
    if (count === maxItems) return;
    const comma = network.state();
    before = network.state();
    writeText(network, behind, ",", comma);
    writeSpace(network, comma, before);
    if (maxItems === undefined && count >= minItems) {
      item(network, before, behind);
      return;
    }
  }
}

/** An object of any names to be written. */
export interface MapParts {
  from: number;
  to: number;
  /** Writes a value. */
  value: Part;
}

/** Adds edges that read an object of any names. */
export function writeMap(network: NetworkBuilder, { from, to, value }: MapParts): void {
  const [open, first, behind] = [network.state(), network.state(), network.state()];
  const [comma, next, space] = [network.state(), network.state(), network.state()];
  writeText(network, from, "{", open);
  writeSpace(network, open, first);
  writeText(network, first, "}", to);
  writeMember(network, first, behind, { name: writeString, value });
  writeText(network, behind, ",", comma);
  writeSpace(network, comma, next);
  writeMember(network, next, behind, { name: writeString, value });
  writeSpace(network, behind, space);
  writeText(network, space, "}", to);
}

/** Adds edges that read a name and its value. */
export function writeMember(
  network: NetworkBuilder,
  from: number,
  to: number,
  { name, value }: { name: Part; value: Part },
): void {
  const [named, colon, before] = [network.state(), network.state(), network.state()];
  name(network, from, named);
  writeText(network, named, ":", colon);
  writeSpace(network, colon, before);
  value(network, before, to);
}
