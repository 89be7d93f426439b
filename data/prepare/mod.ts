/**
 * From raw corpora to packed, checksummed shards in one call that survives crashes.
 *
 * @module
 */
export type { DropCount, DropTable, LengthCounts, SourceAccount, StageCount } from "./account.ts";
export { Journal } from "./journal.ts";
export type {
  DocumentName,
  Manifest,
  ManifestDuplicates,
  ManifestEvaluation,
  ManifestSource,
} from "./manifest.ts";
export type { PrepareOptions, PrepareRun } from "./options.ts";
export { prepare } from "./prepare.ts";
export {
  type ChangeExample,
  type Preview,
  previewPreparation,
  type StagePreview,
} from "./preview.ts";
export type { PrepareProgress } from "./progress.ts";
export type { TokenFrequencies } from "./token_counts.ts";
