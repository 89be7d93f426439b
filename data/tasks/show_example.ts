import type { Tokenizer } from "../tokenizers/mod.ts";
import type { Example } from "./example.ts";
import type { LabelSet } from "./labels.ts";

/** One position of an example, to be looked at. */
export interface ShownToken {
  /** From 0. */
  position: number;
  /** The token's id. */
  id: number;
  /** What the token stands for; bytes that are no character alone show as U+FFFD. */
  text: string;
  /** What the model is asked for here: a token's text or a class; undefined for nothing. */
  target?: string;
}

/**
 * An example token by token, as the model sees it, with what it is asked for.
 *
 * @param labels the classes, where targets are classes and not tokens
 */
export function showTokens(
  { tokens, targets }: Example,
  tokenizer: Tokenizer,
  labels?: LabelSet,
): ShownToken[] {
  const textOf = (id: number) => tokenizer.decode([id]);
  return Array.from(tokens, (id, position) => {
    const target = targets[position];
    const shown = { position, id, text: textOf(id) };
    return target < 0 ? shown : { ...shown, target: labels?.names[target] ?? textOf(target) };
  });
}

/**
 * An example as a table for the terminal: position, id, token and, behind an arrow, what counts in
 * the loss.
 */
export function describeExample(
  example: Example,
  tokenizer: Tokenizer,
  labels?: LabelSet,
): string {
  const shown = showTokens(example, tokenizer, labels);
  const { path, line } = example.place;
  const counted = shown.filter(({ target }) => target !== undefined).length;
  const classes = example.labels?.map((id) => labels?.names[id] ?? `${id}`);
  const head = `${path} line ${line}: ${shown.length} tokens, ` +
    (classes ? `labels ${classes.join(", ") || "none"}` : `${counted} with a loss`);
  const texts = shown.map(({ text }) => JSON.stringify(text));
  const widths = {
    id: Math.max(...shown.map(({ id }) => `${id}`.length)),
    text: Math.max(...texts.map((text) => [...text].length)),
  };
  const rows = shown.map(({ position, id, target }, i) =>
    `${`${position}`.padStart(5)}  ${`${id}`.padStart(widths.id)}  ` +
    (target === undefined
      ? texts[i]
      : `${texts[i]}${" ".repeat(widths.text - [...texts[i]].length)}  → ${
        labels ? target : JSON.stringify(target)
      }`)
  );
  const read = Array.from(example.source ?? [], (id) => JSON.stringify(tokenizer.decode([id])));
  const source = read.length > 0 ? [`the encoder reads ${read.join(" ")}`] : [];
  return [head, ...source, ...rows].join("\n");
}
