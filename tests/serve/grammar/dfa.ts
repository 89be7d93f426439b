import { has } from "../../../serve/grammar/code_points.ts";
import type { Dfa } from "../../../serve/grammar/nfa.ts";

/** Whether an automaton reads a text. */
export function matches(dfa: Dfa, text: string): boolean {
  let state = 0;
  for (const character of text) {
    const edge = dfa.edges[state].find(({ set }) => has(set, character.codePointAt(0)!));
    if (edge === undefined) return false;
    state = edge.to;
  }
  return dfa.accepts[state];
}
