/** How far the work has come. */
export interface PrepareProgress {
  /** The part of the work that is being done. */
  phase: "clean" | "dedup" | "repeated" | "pack";
  /** Bytes done of this phase: as the files have them, or of the spool. */
  bytes: number;
  /** All bytes of this phase; undefined where a source does not tell its size. */
  totalBytes?: number;
  /** Documents that came in. */
  documents: number;
  /** Documents that were dropped. */
  dropped: number;
}
