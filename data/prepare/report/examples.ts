import type { DroppedDocument } from "../clean_task.ts";

/** The beginning of a document. */
export interface ShownDocument {
  id: string;
  source: string;
  text: string;
}

/** A duplicate beside what it was kept as. */
export interface ShownDuplicate {
  kind: "exact" | "near";
  kept: ShownDocument;
  dropped: ShownDocument;
}

/** Documents that the report shows. */
export interface Examples {
  kept: readonly ShownDocument[];
  dropped: readonly DroppedDocument[];
  duplicates: readonly ShownDuplicate[];
}
