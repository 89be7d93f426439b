import { assertEquals, assertRejects } from "@std/assert";
import { readHtml } from "../../../../data/sources/formats/html.ts";
import { DataError, type Document } from "../../../../data/mod.ts";
import { cutBytes, utf8 } from "../streams.ts";

const PAGE = "<title>A page</title><nav><a href=/>Home</a></nav><p>What it says: 诗.</p>";

Deno.test("readHtml: a page is one document, its main text, however it is cut", async () => {
  for (const chunks of [[utf8(PAGE)], ...cutBytes([utf8(PAGE)])]) {
    const documents: Document[] = await Array.fromAsync(
      ReadableStream.from(chunks).pipeThrough(readHtml("a.html")),
    );
    assertEquals(documents, [{
      id: "0",
      text: "What it says: 诗.",
      source: "a.html",
      metadata: { title: "A page" },
    }]);
  }
  const none = ReadableStream.from<Uint8Array>([]).pipeThrough(readHtml("a.html"));
  assertEquals(await Array.fromAsync(none), []);
});

Deno.test("readHtml: a page without text is counted as skipped", async () => {
  const reader = readHtml("a.html");
  const bytes = ReadableStream.from([utf8("<nav><a href=/>Home</a></nav>")]);
  assertEquals(await Array.fromAsync(bytes.pipeThrough(reader)), []);
  assertEquals(reader.report, { records: 1, documents: 0, replaced: 0, invalid: 0, skipped: 1 });
});

Deno.test("readHtml: a page over maxDocumentBytes is an error", async () => {
  const error = await assertRejects(
    () =>
      Array.fromAsync(
        ReadableStream.from([utf8(PAGE), utf8(PAGE)])
          .pipeThrough(readHtml("a.html", { maxDocumentBytes: 100 })),
      ),
    DataError,
    "wanted at most 100 bytes, got more",
  );
  assertEquals(error.message.endsWith("at a.html:0"), true);
});
