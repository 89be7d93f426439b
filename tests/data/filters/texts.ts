/** Real texts for tests and benches. */
import { gunzipSync } from "node:zlib";
import { fromFileUrl, join } from "@std/path";
import type { Document } from "../../../data/document.ts";

const FOLDER: string = fromFileUrl(new URL("../../../../shared/data", import.meta.url));

/** Whether a set of texts is there. */
export function hasTexts(set: string): boolean {
  try {
    return Deno.statSync(join(FOLDER, set)).isDirectory;
  } catch {
    return false;
  }
}

/** A document of a test. */
export function documentOf(text: string, metadata: Record<string, unknown> = {}): Document {
  return { id: text.slice(0, 20), text, source: "test", metadata };
}

/** The articles of WikiText-2's validation part, headings and all. */
export function wikipediaArticles(): string[] {
  const text = readGzip("wikitext-2/valid.txt.gz");
  return text.split(/^(?= = [^=].*[^=] = $)/m).filter((article) => article.trim() !== "");
}

/** The main texts of web pages, as people marked them. */
export function webTexts(): string[] {
  const folder = join(FOLDER, "wcxb-web/ground-truth");
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort()
    .map((name) => JSON.parse(Deno.readTextFileSync(join(folder, name))))
    .map(({ ground_truth }) => ground_truth.main_content as string);
}

/** Poems of the Tang, a line a couplet. */
export function chinesePoems(): string[] {
  const poems: { paragraphs: string[] }[] = JSON.parse(
    readGzip("chinese-poetry/poet.tang.0.json.gz"),
  );
  return poems.map(({ paragraphs }) => paragraphs.join("\n"));
}

function readGzip(name: string): string {
  return new TextDecoder().decode(gunzipSync(Deno.readFileSync(join(FOLDER, name))));
}
