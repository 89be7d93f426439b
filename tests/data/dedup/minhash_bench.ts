/**
 * MB of text a second on one core, from text to the keys of its bands and its steps, on documents
 * of about 3 kB.
 *
 * deno run --allow-read tests/data/dedup/minhash_bench.ts
 */
import { gunzipSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { fingerprinter, Minhasher } from "../../../data/dedup/mod.ts";
import { simplify } from "../../../data/dedup/simplify.ts";

const SHARED = new URL("../../../../shared/data/", import.meta.url);
const SECONDS = 1;
const DOCUMENT = 3000;

const poems = JSON.parse(
  new TextDecoder().decode(
    gunzipSync(await Deno.readFile(new URL("chinese-poetry/poet.tang.0.json.gz", SHARED))),
  ),
) as { paragraphs: string[] }[];
const corpora = {
  English: await Deno.readTextFile(new URL("tinyshakespeare.txt", SHARED)),
  Chinese: poems.flatMap(({ paragraphs }) => paragraphs).join("\n"),
};

const minhasher = new Minhasher();
const sample = corpora.English.slice(0, DOCUMENT);
assertEquals(minhasher.signText(sample), minhasher.signWords(simplify(sample).split(" ")));

const steps: Record<string, (text: string) => unknown> = {
  "simplified words": simplify,
  "signature": (text) => minhasher.signText(text),
  "fingerprint, minhash": fingerprinter({ kind: "minhash" }),
  "fingerprint, exact": fingerprinter({ kind: "exact" }),
};
const rows = Object.entries(steps).map(([step, run]) => {
  const speeds = Object.entries(corpora).map(([name, text]) => [name, speed(text, run)]);
  return [step, Object.fromEntries(speeds)] as [string, Record<string, number>];
});
const table = Object.fromEntries(rows);
console.table(table);
console.log(
  JSON.stringify({ bench: "minhash", signatureMbPerSecond: table.signature, wanted: 8 }),
);

/** MB a second. */
function speed(text: string, run: (text: string) => unknown): number {
  const documents = text.match(new RegExp(`[^]{1,${DOCUMENT}}`, "g"))!;
  const bytes = new TextEncoder().encode(text).length;
  for (const document of documents) run(document); // until the code is compiled
  let rounds = 0;
  const start = performance.now();
  for (; performance.now() - start < SECONDS * 1000; rounds++) {
    for (const document of documents) run(document);
  }
  return Math.round(rounds * bytes / 100 / (performance.now() - start)) / 10;
}
