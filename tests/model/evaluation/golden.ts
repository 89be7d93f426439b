/** Reads what metrics.py wrote. */
import { assertAlmostEquals } from "@std/assert";

interface Scores {
  precision: number;
  recall: number;
  f1: number;
  support?: number;
}

/** What reference tools say of made-up outputs. */
export interface MetricsGolden {
  bleu: {
    tokenizer: "13a" | "zh" | "char";
    pairs: [prediction: string, reference: string][];
    words: [prediction: string[], reference: string[]][];
    score: number;
  }[];
  chrf: { pairs: [prediction: string, reference: string][]; score: number }[];
  classes: {
    references: string[];
    predictions: string[];
    accuracy: number;
    classes: Record<string, Scores>;
    macroF1: number;
    confusion: number[][];
  };
  several: {
    references: string[][];
    predictions: string[][];
    exactMatch: number;
    micro: Scores;
    macro: Scores;
  };
  entities: {
    references: string[][];
    predictions: string[][];
    strict: { micro: Scores; types: Record<string, Scores> };
    default: { micro: Scores; types: Record<string, Scores> };
  };
}

const PATH = new URL("../../golden/metrics.json", import.meta.url);

/** The golden as it was made. */
export async function readGolden(): Promise<MetricsGolden> {
  return JSON.parse(await Deno.readTextFile(PATH));
}

/** Asserts that precision, recall, F1 and, where there is one, support are the wanted ones. */
export function assertScores(found: Scores, wanted: Scores): void {
  for (const key of ["precision", "recall", "f1", "support"] as const) {
    if (wanted[key] !== undefined) assertAlmostEquals(found[key]!, wanted[key], 1e-12, key);
  }
}
