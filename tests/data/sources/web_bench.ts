/**
 * How near `extractMainText` comes to the main text that people marked in 300 web pages
 * (../shared/data/wcxb-web), beside Readability alone and all the text of the body.
 *
 * deno run --allow-read tests/data/sources/web_bench.ts
 */
import { Readability } from "@mozilla/readability";
import { DOMParser } from "linkedom";
import { decodePage } from "../../../data/sources/web/encoding.ts";
import { extractMainText } from "../../../data/sources/web/mod.ts";
import { readNodeText } from "../../../data/sources/web/text.ts";
import { findElement, parsePage } from "../../../data/sources/web/tree.ts";
import { readPages, score } from "./web/wcxb.ts";

const methods: Record<string, (html: Uint8Array) => Promise<string> | string> = {
  "all of the body": (html) => {
    const page = parsePage(decodePage(html));
    return readNodeText(findElement(page, "body") ?? page);
  },
  "Readability alone": (html) => {
    const document = new DOMParser().parseFromString(decodePage(html), "text/html");
    return new Readability(document).parse()?.textContent ?? "";
  },
  "extractMainText": async (html) => (await extractMainText(html))?.text ?? "",
};

const pages = await readPages();
const bytes = pages.reduce((sum, { html }) => sum + html.length, 0);
console.log(`${pages.length} pages, ${(bytes / 1e6).toFixed(1)} MB\n`);
console.log("| method | word F1 | `without` kept | `with` kept | time |");
console.log("|---|---|---|---|---|");
const scores: Record<string, ReturnType<typeof score>> = {};
let base = 0;
for (const [name, read] of Object.entries(methods)) {
  const began = performance.now();
  const texts = await Promise.all(pages.map(({ html }) => read(html)));
  const ms = performance.now() - began;
  base ||= ms;
  const { f1, withoutKept, withKept } = scores[name] = score(pages, texts);
  const cells = [f1.toFixed(3), ...[withoutKept, withKept].map((x) => `${(100 * x).toFixed(1)}%`)];
  console.log(`| ${[name, ...cells, `${(ms / base).toFixed(2)}×`].join(" | ")} |`);
}
console.log(JSON.stringify({ bench: "web", scores }));
