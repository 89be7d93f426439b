export {
  type Clusters,
  type Duplicate,
  DuplicateFinder,
  type DuplicateFinderOptions,
  type Duplicates,
} from "./duplicates.ts";
export { fingerprinter, type FingerprintOptions } from "./fingerprint.ts";
export { Minhasher, type MinhashOptions } from "./minhash.ts";
export { splitOf } from "./split.ts";
export {
  addHits,
  type DecontaminationOptions,
  type Decontaminator,
  decontaminator,
  type SetHits,
} from "./decontamination.ts";
export { removeLines, RepeatedLineFinder, type RepeatedLineOptions } from "./repeated_lines.ts";
