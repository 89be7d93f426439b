/** Options of `quern eval` for outputs made elsewhere. */
export const SCORE_OPTIONS = {
  task: {
    type: "string",
    unit: "NAME",
    choices: ["classify", "tag", "translate", "chat", "text", "choice"],
    defaultHelp: "loss on text; translate, with --predictions",
    help: "What the model, or outputs made elsewhere, are measured at; choice: HellaSwag's files.",
  },
  predictions: {
    type: "string",
    unit: "FILE",
    help: "Outputs made elsewhere, to be scored without a model: a line each (tag: CoNLL).",
  },
  references: {
    type: "strings",
    unit: "FILE",
    help: "What they should be, in the same form (choice: HellaSwag's file).",
  },
  inputs: {
    type: "string",
    unit: "FILE",
    help: "What they were made of, a line each, for the report.",
  },
  bleuTokenizer: {
    type: "string",
    unit: "NAME",
    choices: ["13a", "zh", "char"],
    default: "13a",
    help: "How BLEU cuts texts into words: European languages, Chinese, characters.",
  },
  entityMode: {
    type: "string",
    unit: "NAME",
    choices: ["strict", "default"],
    default: "strict",
    help: "How seqeval reads entities off tags: IOB2 strictly, or as CoNLL's script.",
  },
  multiLabel: {
    type: "boolean",
    help: "A line of classify may have several labels between commas, or none.",
  },
  report: { type: "string", unit: "FILE", help: "A page with the mistakes to look at (HTML)." },
  confusion: { type: "string", unit: "FILE", help: "The confusion matrix as a picture (SVG)." },
} as const;
