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
  type DecontaminationMode,
  type DecontaminationOptions,
  type Decontaminator,
  decontaminator,
  type EvaluationHits,
  type EvaluationSet,
  type EvaluationSize,
} from "./decontamination.ts";
export {
  passageHasher,
  type PassageHasherOptions,
  removeRepeated,
  type RepeatedPassage,
  RepeatedPassageFinder,
  type RepeatedPassageOptions,
} from "./repeated_passages.ts";
