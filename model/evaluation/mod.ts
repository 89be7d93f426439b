/** Metrics: pure functions of what a model said and what it should have said. */
export { BLEU_TOKENIZERS, type BleuTokenizer, bleuWords } from "./bleu_tokenizers.ts";
export { type BleuOptions, type BleuScore, describeBleu, scoreBleu } from "./bleu.ts";
export {
  bootstrapDraws,
  bootstrapInterval,
  type BootstrapOptions,
  type Interval,
} from "./bootstrap.ts";
export { type ChrfOptions, type ChrfScore, scoreChrf } from "./chrf.ts";
export {
  type ClassificationScores,
  type MultiLabelScores,
  scoreClassification,
  scoreMultiLabel,
} from "./classification.ts";
export { type Confusion, confusionSvg, confusionTable, mistakesOf } from "./confusion.ts";
export {
  entitiesOf,
  type Entity,
  type EntityMode,
  type EntityScores,
  scoreEntities,
} from "./entities.ts";
export type { ClassScore } from "./f1.ts";
export { distinctRuns, type LanguageScores, scoreLanguage, type TextLoss } from "./language.ts";
export {
  type MultipleChoiceScores,
  preferredChoice,
  type ScoredChoice,
  type ScoredQuestion,
  scoreMultipleChoice,
} from "./multiple_choice.ts";
export {
  type EvaluationReport,
  evaluationReportHtml,
  type MarkedText,
  percentFigure,
  type ReportExample,
  type ReportFigure,
} from "./report.ts";
export { type LabelledText, NaiveBayes } from "./naive_bayes.ts";
export { classProbabilities } from "./probabilities.ts";
export { Classifier } from "./classifier.ts";
