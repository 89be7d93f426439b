/**
 * How fast documents are cleaned, and which step takes how much of the time: MB of UTF-16 units a
 * second on one core, the best of several rounds.
 */
import { assertEquals } from "@std/assert";
import { buildSteps, type CleaningOptions } from "../../data/filters/mod.ts";
import type { Document } from "../../data/document.ts";
import type { Step } from "../../data/stage.ts";
import { splitWords } from "../../data/words.ts";
import { repetitionReason } from "./filters/reference.ts";
import { chinesePoems, documentOf, webTexts, wikipediaArticles } from "./filters/texts.ts";

const ROUNDS = 10;
const CHAINS: Record<string, CleaningOptions> = {
  fineweb: { preset: "fineweb" },
  "fineweb, nothing dropped early": {
    preset: "fineweb",
    gopherRepetition: { maxRepeatedLines: 1 },
    c4Quality: { minSentences: 0, dropsCurlyBrackets: false },
    pii: true,
    normalize: "NFC",
    removeControlCharacters: true,
    removeBoilerplate: true,
    removeRepeated: "line",
    blockedWords: ["zyzzyva", "quaggy words"],
  },
};
const TEXTS: Record<string, string[]> = {
  "Wikipedia articles": wikipediaArticles(),
  "web pages": webTexts(),
  "Tang poems": [chinesePoems().join("\n")],
};

for (const [name, texts] of Object.entries(TEXTS)) {
  const [repetition] = await buildSteps({ gopherRepetition: true });
  for (const text of texts.slice(0, 50)) {
    const answer = repetition.apply(documentOf(text));
    assertEquals("drop" in answer ? answer.drop : undefined, repetitionReason(text));
  }
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  const speed = (ms: number) => `${(characters / ms / 1000).toFixed(1)} MB/s`;
  let split = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (const text of texts) splitWords(text);
    split = Math.min(split, performance.now() - start);
  }
  console.log(`\n${name}: ${(characters / 1e6).toFixed(2)} MB, words alone ${speed(split)}`);
  for (const [chain, options] of Object.entries(CHAINS)) {
    const steps = await buildSteps(options);
    const best = { ms: Infinity, shares: new Map<string, number>(), kept: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const { shares, kept } = measure(steps, texts);
      const ms = [...shares.values()].reduce((sum, share) => sum + share, 0);
      if (ms < best.ms) Object.assign(best, { ms, shares, kept });
    }
    console.log(`  ${chain}: ${speed(best.ms)}, ${best.kept} of ${texts.length} kept`);
    for (const [step, ms] of best.shares) {
      console.log(`    ${step.padEnd(20)} ${(100 * ms / best.ms).toFixed(0).padStart(3)}%`);
    }
  }
}

/** Milliseconds of each step, all documents going through one after the other. */
function measure(steps: Step[], texts: string[]): { shares: Map<string, number>; kept: number } {
  const shares = new Map(steps.map(({ name }) => [name, 0]));
  let kept = 0;
  for (const text of texts) {
    let document: Document = documentOf(text);
    let isKept = true;
    for (const step of steps) {
      const start = performance.now();
      const answer = step.apply(document);
      shares.set(step.name, shares.get(step.name)! + performance.now() - start);
      if ("drop" in answer) {
        isKept = false;
        break;
      }
      document = answer;
    }
    if (isKept) kept++;
  }
  return { shares, kept };
}
