/** Documents of real prose, for benches: passages of Wikipedia, of web pages, of a novel and of plays. */
import { gunzipSync } from "node:zlib";
import { fromFileUrl, join } from "@std/path";
import { webTexts } from "./filters/texts.ts";

const FOLDER: string = fromFileUrl(new URL("../../../shared/data", import.meta.url));
/** UTF-16 units of a passage. */
const LENGTH = 4000;
/**
 * Each text is cut so many times, each time a bit further on. Two passages have half of their words
 * in common then, so that few are near duplicates.
 */
const CUTS = 3;

/** Some 16,000 passages, 53 MB of them. */
export function realDocuments(): string[] {
  const texts = [...articles(), ...webTexts().filter(Boolean), ...novel(), ...plays()];
  const documents: string[] = [];
  for (let cut = 0; cut < CUTS; cut++) {
    for (const text of texts) {
      for (let at = -Math.floor(cut * LENGTH / CUTS); at < text.length; at += LENGTH) {
        const passage = text.slice(Math.max(0, at), Math.max(0, at + LENGTH));
        if (passage.length > 200) documents.push(passage);
      }
    }
  }
  return documents;
}

/** WikiText-2 as it was written: its words have spaces around each sign, and lines are padded. */
function articles(): string[] {
  return ["train", "valid", "test"].flatMap((part) =>
    read(`wikitext-2/${part}.txt.gz`).split(/^(?= = [^=].*[^=] = $)/m)
  ).map((article) =>
    article.replace(/ @(.)@ /g, "$1").replace(/ ([,.;:?!')])/g, "$1").replaceAll("( ", "(")
      .replace(/" ([^"]*) "/g, '"$1"').replaceAll("<unk>", "somebody")
      .replace(/^ = .* = $/gm, "").replace(/\s*\n\s*/g, "\n").trim()
  );
}

function novel(): string[] {
  return read("gutenberg-jack-sheppard/16215-8.txt.gz", "latin1").split(/\n\s*\nCHAPTER /);
}

function plays(): string[] {
  return [Deno.readTextFileSync(join(FOLDER, "tinyshakespeare.txt"))];
}

function read(name: string, encoding = "utf-8"): string {
  const bytes = gunzipSync(Deno.readFileSync(join(FOLDER, name)));
  return new TextDecoder(encoding).decode(bytes).replaceAll("\r\n", "\n");
}
