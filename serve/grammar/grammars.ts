import type { Tokenizer } from "../../data/mod.ts";
import { FormatConstraint } from "./constraint.ts";
import { compileFormat, type OutputFormat } from "./format.ts";
import { assertFormatSize } from "./format_size.ts";
import { Masks } from "./masks.ts";
import type { Network } from "./network.ts";
import { Vocabulary, type VocabularyOptions } from "./vocabulary.ts";

/** Formats whose compiled form is kept. */
const MAX_KEPT = 16;

/**
 * Compiles formats of answers for the tokens of one model.
 *
 * A format is compiled within some 50 ms or refused; what it needs while tokens are chosen is found
 * then, and remembered. All of it is plain data: there is nothing to close.
 *
 * @example
 * ```ts ignore
 * const grammars = new Grammars(tokenizer);
 * const schema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };
 * const constraint = grammars.compile({ type: "json_schema", schema }).constraint();
 * const bits = constraint.mask(); // `{` and what begins with it
 * constraint.accept(tokenizer.encode("{")[0]);
 * ```
 */
export class Grammars {
  readonly #vocabulary: Vocabulary;
  /** By the format's JSON, the one used last at the end. */
  readonly #kept = new Map<string, Grammar>();

  /** Reads the tokens, of GPT-2 in some 250 ms; `tokenizer` is not used afterwards. */
  constructor(tokenizer: Tokenizer, options: VocabularyOptions = {}) {
    this.#vocabulary = new Vocabulary(tokenizer, options);
  }

  /**
   * Compiles a format; the same one, asked for again, is compiled already.
   *
   * @throws {SyntaxError} where a schema or a pattern is malformed or not supported, naming the place
   * @throws {RangeError} where it is too large or too complex, or no text fits it
   */
  compile(format: OutputFormat): Grammar {
    assertFormatSize(format);
    const key = JSON.stringify(format);
    const grammar = this.#kept.get(key) ??
      new Grammar(compileFormat(format, this.#vocabulary), this.#vocabulary);
    this.#kept.delete(key);
    this.#kept.set(key, grammar);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return grammar;
  }
}

/** A compiled format. */
export class Grammar {
  readonly #masks: Masks;

  /** Joins what reads the format's texts and the tokens that they are written with. */
  constructor(network: Network, vocabulary: Vocabulary) {
    this.#masks = new Masks(network, vocabulary);
  }

  /** What holds one answer to the format. */
  constraint(): FormatConstraint {
    return new FormatConstraint(this.#masks);
  }
}
