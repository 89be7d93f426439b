import { INPUT_FORMATS } from "../data/mod.ts";
import { defineOptions, JSON_OPTION } from "./options.ts";

/** Options of `quern prepare`. */
export const PREPARE_OPTIONS = defineOptions({
  data: {
    type: "strings",
    unit: "SOURCE",
    help: "What to read: a file, a folder, a glob, a URL (https:, s3:) or - for standard input.",
  },
  tokenizer: {
    type: "string",
    unit: "FILE",
    help: "tokenizer.json, a tiktoken file, or byte.",
  },
  context: {
    type: "integer",
    unit: "tokens",
    min: 1,
    default: 1024,
    help: "Tokens of a row, T; a row holds one more, the last target.",
  },
  out: { type: "string", unit: "DIR", help: "Folder of the shards." },
  format: {
    type: "string",
    choices: ["mds", "bin"],
    default: "mds",
    help: "MosaicML's shards, or one file of tokens as llm.c and nanoGPT read it.",
  },
  preset: {
    type: "string",
    choices: ["none", "gopher", "c4", "fineweb"],
    default: "none",
    help: "Published filters to apply.",
  },
  dedup: {
    type: "string",
    choices: ["exact", "minhash", "none"],
    default: "exact",
    help: "Which duplicates to drop; minhash also drops exact ones.",
  },
  packing: {
    type: "string",
    choices: ["concat", "best-fit"],
    default: "concat",
    help: "Cut the joined documents into rows, or fit whole documents into rows.",
  },
  workers: {
    type: "integer",
    min: 1,
    defaultHelp: "the machine's cores",
    help: "Workers that clean and tokenize; the result is the same for any number.",
  },
  validationFraction: {
    type: "number",
    min: 0,
    below: 1,
    default: 0,
    help: "Share of the documents that go to DIR/validation instead of DIR/train.",
  },
  seed: { type: "integer", min: 0, default: 1, help: "Picks the documents that validate." },
  inputFormat: {
    type: "string",
    choices: INPUT_FORMATS,
    defaultHelp: "by each file's name",
    help: "How to read the files.",
  },
  textField: { type: "string", unit: "NAME", default: "text", help: "Column of the text." },
  idField: { type: "string", unit: "NAME", help: "Column of the document's name." },
  separator: { type: "string", help: "What separates the documents of a text file." },
  onInvalid: {
    type: "string",
    choices: ["error", "replace", "drop"],
    default: "error",
    help: "What to do with text that is no UTF-8.",
  },
  maxExpandedBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    default: 2 ** 40,
    help: "The most that one compressed file may unpack to.",
  },
  maxDocumentBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    default: 2 ** 26,
    help: "The longest document.",
  },
  skipBadFiles: {
    type: "boolean",
    help: "Leave a file where it breaks and go on with the next; ends with exit code 3.",
  },
  languages: { type: "strings", unit: "CODE", help: "Keep documents of these languages only." },
  pii: { type: "boolean", help: "Replace e-mail addresses, IP addresses, keys and the like." },
  shardBytes: {
    type: "integer",
    unit: "bytes",
    min: 1024,
    default: 2 ** 26,
    help: "The largest shard before compression.",
  },
  keepDropped: { type: "string", unit: "DIR", help: "Write what is dropped there, with reasons." },
  dryRun: {
    type: "boolean",
    help: "Read the first documents, show what would become of them, and write nothing.",
  },
  dryRunDocuments: {
    type: "integer",
    unit: "documents",
    min: 1,
    default: 1000,
    help: "How many documents a dry run reads.",
  },
  ...JSON_OPTION,
});
