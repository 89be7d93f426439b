import { writeMap, writeValue } from "./json_text.ts";
import { type Network, NetworkBuilder, type Writing } from "./network.ts";
import { determinize } from "./nfa.ts";
import { parsePattern } from "./pattern.ts";
import { writeSchema } from "./schema.ts";
import { writeDfa, writeTexts } from "./writer.ts";

/** What an answer must be. */
export type OutputFormat =
  /** Any JSON object. */
  | { type: "json_object" }
  /** The JSON texts that a schema allows. */
  | { type: "json_schema"; schema: unknown }
  /** The texts that a regular expression matches whole. */
  | { type: "regex"; pattern: string }
  /** One of some texts. */
  | { type: "choice"; choices: readonly string[] };

/**
 * The network that reads the texts of a format, whose size has been checked.
 *
 * @throws {SyntaxError} where a schema or a pattern is malformed or not supported, naming the place
 * @throws {RangeError} where it is too large or too complex, or no text fits it
 */
export function compileFormat(format: OutputFormat, writing: Writing): Network {
  const builder = new NetworkBuilder(writing);
  const network = builder.finish(writeFormat(builder, format));
  if (network !== undefined) return network;
  throw new RangeError(
    `Cannot use the format ${format.type}: there must be a text that fits it and that the ` +
      "tokenizer can write; look for bounds that leave nothing, for values that hold themselves, " +
      "and for characters that the tokenizer lacks",
  );
}

/** Writes a format and returns the entry of its rule. */
function writeFormat(network: NetworkBuilder, format: OutputFormat): number {
  switch (format.type) {
    case "json_object":
      return network.rule("object", (from, to) => {
        writeMap(network, { from, to, value: writeValue });
      });
    case "json_schema":
      return writeSchema(network, format.schema);
    case "regex":
      return network.rule("pattern", (from, to) => {
        const dfa = determinize(parsePattern(format.pattern), network);
        writeDfa(network, dfa, { from, to, spelling: "plain" });
      });
    case "choice":
      return network.rule("choice", (from, to) => writeTexts(network, from, format.choices, to));
  }
}
