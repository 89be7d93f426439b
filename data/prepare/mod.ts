/**
 * From raw corpora to packed, checksummed shards in one call that survives crashes.
 *
 * @module
 */
export type { DropCount, DropTable, SourceAccount } from "./account.ts";
export type { DuplicateSummary } from "./find_duplicates.ts";
export { Journal } from "./journal.ts";
export type { Manifest, ManifestSource } from "./manifest.ts";
export { prepare, type PrepareOptions, type PrepareRun } from "./prepare.ts";
export {
  type ChangeExample,
  type Preview,
  previewPreparation,
  type StagePreview,
} from "./preview.ts";
export type { PrepareProgress } from "./progress.ts";
