/**
 * Tasks that a model is fine-tuned for: readers of their files, labels, splits, and the rows that a
 * model sees.
 *
 * @module
 */
export {
  type ChatMessage,
  type ChatRole,
  type Conversation,
  readConversations,
  type ReadConversationsOptions,
} from "./chat.ts";
export {
  type ChatPart,
  type ChatTemplate,
  chatTemplate,
  type ChatTemplateOptions,
  PLAIN_CHAT_TEMPLATE,
  readChatTemplate,
  type TemplateMessage,
} from "./chat_template.ts";
export { type Classified, readClassified, type ReadClassifiedOptions } from "./classification.ts";
export { describeColumns, type TableFormat, type TableOptions } from "./columns.ts";
export type { ReadConllOptions } from "./conll.ts";
export { chatEncoder, type ChatEncoderOptions } from "./encode_chat.ts";
export {
  classificationEncoder,
  type ClassificationEncoderOptions,
} from "./encode_classification.ts";
export {
  pairEncoder,
  type PairEncoderOptions,
  type PairIds,
  pairIds,
  sourceIds,
} from "./encode_pairs.ts";
export {
  PAIR_TOKENS,
  type PairTokenizer,
  type PairTokenizerOptions,
  trainPairTokenizer,
} from "./pair_tokenizer.ts";
export { textRows } from "./encode_documents.ts";
export {
  encodeWords,
  taggingEncoder,
  type TaggingEncoderOptions,
  type WordTokens,
} from "./encode_tagging.ts";
export {
  TRANSLATION_PROMPT,
  translationEncoder,
  type TranslationEncoderOptions,
  translationPrompt,
} from "./encode_translation.ts";
export {
  encodeExamples,
  type Encoder,
  type EncoderOptions,
  type EncoderReport,
  type Example,
} from "./example.ts";
export { collectExamples, ExampleSet } from "./example_set.ts";
export { readTaskFiles, type TaskExamples } from "./files.ts";
export {
  assertClasses,
  type ClassCount,
  classWeights,
  countClasses,
  LabelSet,
  tagLabels,
} from "./labels.ts";
export { type MultipleChoice, readHellaSwag } from "./multiple_choice.ts";
export type { OnBad, Place, TaskReader, TaskReport } from "./reader.ts";
export { describeExample, type ShownToken, showTokens } from "./show_example.ts";
export { findWords } from "./spans.ts";
export {
  type ExampleSplit,
  limitPerClass,
  splitByClass,
  splitByKey,
  type SplitOptions,
} from "./splits.ts";
export { readTagged, type ReadTaggedOptions, type Tagged, type WordSpan } from "./tagging.ts";
export { readPairs, type ReadPairsOptions, type TextPair } from "./translation.ts";
export {
  countTaskBatches,
  type TaskBatch,
  taskBatches,
  type TaskBatchesOptions,
} from "./task_batches.ts";
