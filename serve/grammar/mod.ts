/** Holds what a model writes to a format: JSON, a JSON schema, a pattern or a list of choices. */
export type { FormatConstraint } from "./constraint.ts";
export type { OutputFormat } from "./format.ts";
export { type Grammar, Grammars } from "./grammars.ts";
export type { VocabularyOptions } from "./vocabulary.ts";
