/** What the workers of the first phase run: cleaning and fingerprints. */
import { fingerprinter } from "../dedup/mod.ts";
import { buildSteps, type CleaningOptions } from "../filters/mod.ts";
import { clean, type CleanResult, type CleanTask } from "./clean_task.ts";
import { serveTasks } from "./pool.ts";

/** What such a worker must know before its first task; plain values. */
export interface CleanSetup {
  cleaning: CleaningOptions;
  dedup: "exact" | "minhash" | "none";
  keepDropped: boolean;
}

serveTasks(async ({ cleaning, dedup, keepDropped }: CleanSetup) => {
  const steps = await buildSteps(cleaning);
  const fingerprint = dedup === "none" ? () => new Uint8Array(0) : fingerprinter({ kind: dedup });
  return (task: CleanTask) => {
    const result: CleanResult = clean(task, { steps, fingerprint, keepDropped });
    return { result, transfer: [result.frame.buffer, result.fingerprints.buffer] };
  };
});
