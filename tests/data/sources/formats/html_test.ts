import { assertEquals } from "@std/assert";
import { readHtml } from "../../../../data/sources/formats/html.ts";
import type { Document } from "../../../../data/mod.ts";
import { testTransform } from "../../contract.ts";
import { cutBytes, utf8 } from "../streams.ts";

const PAGE = "<title>A page</title><nav><a href=/>Home</a></nav><p>What it says: 诗.</p>";

testTransform<Uint8Array, Document>("readHtml", {
  make: () => readHtml("a.html", { maxDocumentBytes: 100 }),
  split: cutBytes,
  takesAll: true,
  cases: [{
    label: "a page is one document, its main text",
    input: [utf8(PAGE)],
    output: [{
      id: "0",
      text: "What it says: 诗.",
      source: "a.html",
      metadata: { title: "A page" },
    }],
  }],
  broken: [{
    label: "a page over maxDocumentBytes",
    input: [utf8(PAGE), utf8(PAGE)],
    message: "wanted at most 100 bytes, got more",
    path: "a.html",
    byteOffset: 0,
  }],
});

Deno.test("readHtml: a page without text is counted as skipped", async () => {
  const reader = readHtml("a.html");
  const bytes = ReadableStream.from([utf8("<nav><a href=/>Home</a></nav>")]);
  assertEquals(await Array.fromAsync(bytes.pipeThrough(reader)), []);
  assertEquals(reader.report, { records: 1, documents: 0, replaced: 0, invalid: 0, skipped: 1 });
});
