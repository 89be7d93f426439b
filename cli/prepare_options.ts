import { INPUT_FORMATS, PII_KINDS } from "../data/mod.ts";
import { defineOptions, JSON_OPTION } from "./options.ts";

const BY_PRESET = "by preset";
const LIST = "a file of lines; # begins a comment";

/** Options of `quern prepare`. */
export const PREPARE_OPTIONS = defineOptions({
  data: {
    heading: "What to read",
    type: "strings",
    unit: "SOURCE",
    help: "A file, a folder, a glob, a URL (https:, s3:) or - for standard input.",
  },
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
  maxDocumentBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    default: 2 ** 26,
    help: "The longest document.",
  },
  maxExpandedBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    default: 2 ** 40,
    help: "The most that one compressed file may unpack to.",
  },
  skipBadFiles: {
    type: "boolean",
    help: "Leave a file where it breaks and go on with the next; ends with exit code 3.",
  },

  preset: {
    heading: "What becomes of the text",
    type: "string",
    choices: ["none", "gopher", "c4", "fineweb"],
    default: "none",
    help: "Published cleaning and filters; each of the options below goes before it.",
  },
  lineEndings: {
    type: "boolean",
    negatable: true,
    defaultHelp: "yes with a preset",
    help: "End all lines with a line feed.",
  },
  normalize: { type: "string", choices: ["NFC", "NFKC"], help: "Unicode form to write it in." },
  removeControlCharacters: {
    type: "boolean",
    help: "Take out control, zero-width and direction characters.",
  },
  removeBoilerplate: { type: "boolean", help: "Take out lines of menus and notices." },
  boilerplateLines: { type: "strings", unit: "FILE", help: `Lines to take out too: ${LIST}.` },
  removeRepeated: {
    type: "string",
    choices: ["line", "paragraph"],
    help: "Take out lines, or paragraphs, that have come before.",
  },
  repeatedIn: {
    type: "string",
    choices: ["document", "corpus"],
    default: "document",
    help: "Where they have come before; in the corpus, duplicates dropped count for nothing.",
  },
  minRepeatedCharacters: {
    type: "integer",
    unit: "UTF-16 units",
    min: 1,
    default: 40,
    help: "Shorter ones may repeat.",
  },
  pii: {
    type: "strings",
    unit: "KIND",
    choices: [...PII_KINDS, "all", "none"],
    defaultHelp: BY_PRESET,
    help: "Personal data and secrets to replace.",
  },

  languages: {
    heading: "Which documents stay",
    type: "strings",
    unit: "CODE",
    help: "Keep documents of these languages only, in ISO 639-1 letters.",
  },
  languageScore: {
    type: "number",
    min: 0,
    max: 1,
    defaultHelp: "0.4",
    help: "How sure the language must be.",
  },
  minCharacters: {
    type: "integer",
    unit: "UTF-16 units",
    min: 0,
    help: "Drop shorter documents.",
  },
  maxCharacters: { type: "integer", unit: "UTF-16 units", min: 0, help: "Drop longer ones." },
  minWords: { type: "integer", unit: "words", min: 0, help: "Drop shorter documents." },
  maxWords: { type: "integer", unit: "words", min: 0, help: "Drop longer ones." },
  gopherRepetition: {
    type: "limits",
    defaultHelp: BY_PRESET,
    help: "Drop what repeats itself: on, off, or limits such as maxRepeatedLines=0.5.",
  },
  gopherQuality: {
    type: "limits",
    defaultHelp: BY_PRESET,
    help: "Drop what is no prose: on, off, or limits such as minWords=20,minStopWords=0.",
  },
  c4Quality: {
    type: "limits",
    defaultHelp: BY_PRESET,
    help: "Keep only lines that are sentences: on, off, or limits such as minSentences=3.",
  },
  c4Paragraphs: {
    type: "limits",
    defaultHelp: "off",
    help: "Drop what has few long lines: on, off, or limits such as minParagraphs=2.",
  },
  fineWebQuality: {
    type: "limits",
    defaultHelp: BY_PRESET,
    help: "Drop what looks like a list: on, off, or limits such as maxShortLines=0.8.",
  },
  blockedWords: {
    type: "strings",
    unit: "FILE",
    help: `Drop what holds a word of a list: ${LIST}.`,
  },
  blockedDomains: { type: "strings", unit: "FILE", help: "Drop pages of these domains and hosts." },
  blockedUrls: { type: "strings", unit: "FILE", help: "Drop pages of these addresses." },
  blockedUrlWords: {
    type: "strings",
    unit: "FILE",
    help: "Drop pages with such a word in their address.",
  },
  suspiciousUrlWords: {
    type: "strings",
    unit: "FILE",
    help: "Drop pages with several of these words in it.",
  },
  suspiciousUrlWordLimit: {
    type: "integer",
    min: 1,
    defaultHelp: "2",
    help: "So many are too many.",
  },
  blockedUrlSubwords: {
    type: "strings",
    unit: "FILE",
    help: "Drop pages with these letters in a row in it.",
  },
  urlField: { type: "string", unit: "NAME", default: "url", help: "Column of the address." },

  dedup: {
    heading: "Duplicates, leaks, validation",
    type: "string",
    choices: ["exact", "minhash", "none"],
    default: "exact",
    help: "Which duplicates to drop; minhash drops exact and near ones.",
  },
  decontaminate: {
    type: "strings",
    unit: "[NAME=]FILE",
    help: "An evaluation set that must not leak in: an item is a record, or a line of plain text.",
  },
  decontaminateFields: {
    type: "strings",
    unit: "NAME",
    defaultHelp: "text",
    help: "Columns of an item's text.",
  },
  decontaminateWords: {
    type: "integer",
    unit: "words",
    min: 8,
    max: 13,
    default: 13,
    help: "So many words in a row make a leak.",
  },
  decontaminateMode: {
    type: "string",
    choices: ["drop", "cut", "report"],
    default: "drop",
    help: "Drop the document, cut the leak and 200 characters around it out, or only report it.",
  },
  validationFraction: {
    type: "number",
    min: 0,
    below: 1,
    default: 0,
    help: "Share of the documents that go to DIR/validation instead of DIR/train.",
  },
  seed: { type: "integer", min: 0, default: 1, help: "Picks the documents that validate." },

  tokenizer: {
    heading: "Tokens and rows",
    type: "string",
    unit: "FILE",
    help: "tokenizer.json, a tiktoken file, or byte.",
  },
  endOfText: {
    type: "string",
    unit: "TOKEN",
    defaultHelp: "the tokenizer's own",
    help: "Token behind each document, or none.",
  },
  context: {
    type: "integer",
    unit: "tokens",
    min: 1,
    default: 1024,
    help: "Tokens of a row, T; a row holds one more, the last target.",
  },
  packing: {
    type: "string",
    choices: ["concat", "best-fit"],
    default: "concat",
    help: "Cut the joined documents into rows, or fit whole documents into rows.",
  },

  out: { heading: "What to write", type: "string", unit: "DIR", help: "Folder of the shards." },
  format: {
    type: "string",
    choices: ["mds", "bin"],
    default: "mds",
    help: "MosaicML's shards, or one file of tokens as llm.c and nanoGPT read it.",
  },
  shardBytes: {
    type: "integer",
    unit: "bytes",
    min: 1024,
    default: 2 ** 26,
    help: "The largest shard before compression.",
  },
  keepDropped: { type: "string", unit: "DIR", help: "Write what is dropped there, with reasons." },

  workers: {
    heading: "How to work",
    type: "integer",
    min: 1,
    defaultHelp: "the machine's cores",
    help: "Workers that clean and tokenize; the result is the same for any number.",
  },
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
