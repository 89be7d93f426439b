import { assertEquals } from "@std/assert";
import { readHtml } from "../../../../data/sources/formats/html.ts";
import { type Document, mainText } from "../../../../data/mod.ts";
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

Deno.test("readHtml: as HTML a page is itself, in any encoding, for the step mainText", async () => {
  const page = "<title>Café</title><p>Déjà vu.";
  const bytes = Uint8Array.from(page, (letter) => letter.charCodeAt(0)); // windows-1252
  const reader = readHtml("a.html", { webPages: "html" });
  const read = await Array.fromAsync(ReadableStream.from([bytes]).pipeThrough(reader));
  const document = { id: "0", source: "a.html", metadata: {} };
  assertEquals(read, [{ ...document, html: true, text: page }]);
  const step = await mainText();
  const made = { ...document, text: "Déjà vu.", metadata: { title: "Café" } };
  assertEquals(step.apply(read[0]), made);
  assertEquals(step.apply(made), made);
  const none = { ...read[0], text: "<nav><a href=/>Home</a></nav>" };
  assertEquals(step.apply(none), { drop: "page without text" });
});

Deno.test("readHtml: a page without text is counted as skipped", async () => {
  const reader = readHtml("a.html");
  const bytes = ReadableStream.from([utf8("<nav><a href=/>Home</a></nav>")]);
  assertEquals(await Array.fromAsync(bytes.pipeThrough(reader)), []);
  assertEquals(reader.report, { records: 1, documents: 0, replaced: 0, invalid: 0, skipped: 1 });
});
