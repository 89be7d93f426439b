import type { Step } from "../../stage.ts";
import { decodePage } from "./encoding.ts";

/** Options of {@linkcode extractMainText}. */
export interface ExtractMainTextOptions {
  /** The `Content-Type` that came with the page: its charset is believed. @default none */
  contentType?: string;
  /** Larger pages are given up, in bytes. @default 8 MiB */
  maxBytes?: number;
}

/** Larger pages are given up. */
const MAX_PAGE = 8 << 20;

/** What a page is about. */
export interface MainText {
  /** Paragraphs apart by blank lines; list items and table rows on lines of their own. */
  text: string;
  /** The article's title, else the page's. @default none */
  title?: string;
}

/**
 * The main text of a web page, without navigation, banners, cookie notices and the like; null where
 * there is none. Mozilla's Readability finds the article; where that is less than half of what is
 * left when frames and blocks of links are gone (shops, forums, lists), this is taken instead.
 * No script is run and nothing is loaded.
 *
 * @param bytes HTML in any encoding that browsers know
 * @example
 * ```ts
 * import { extractMainText } from "@quern/quern";
 * const html = "<title>A page</title><nav><a href=/>Home</a></nav><p>What it says.</p>";
 * const page = await extractMainText(new TextEncoder().encode(html));
 * console.log(page?.title, page?.text); // A page What it says.
 * ```
 */
export async function extractMainText(
  bytes: Uint8Array,
  options: ExtractMainTextOptions = {},
): Promise<MainText | null> {
  const { contentType, maxBytes = MAX_PAGE } = options;
  if (bytes.length > maxBytes) return null;
  const { extract } = await import("./extract.ts");
  return extract(decodePage(bytes, contentType));
}

/**
 * A step that makes their main text of web pages (`html`), as `extractMainText` does; other
 * documents go through as they are. A page's title goes to its metadata. Pages of more than 2^23
 * UTF-16 code units, and those without text, are dropped.
 *
 * @example
 * ```ts
 * import { type Document, mainText, stage } from "@quern/quern";
 * const page: Document = {
 *   ...{ id: "0", source: "a.html", metadata: {} },
 *   ...{ html: true, text: "<nav><a href=/>Home</a></nav><p>What it says." },
 * };
 * const texts = ReadableStream.from([page]).pipeThrough(stage(await mainText()));
 * for await (const { text } of texts) console.log(text); // What it says.
 * ```
 */
export async function mainText(): Promise<Step> {
  const { extract } = await import("./extract.ts");
  return {
    name: "main text",
    apply(document) {
      const { html, ...rest } = document;
      if (!html) return document;
      if (document.text.length > MAX_PAGE) return { drop: "page too long" };
      const found = extract(document.text);
      if (found === null) return { drop: "page without text" };
      const { text, title } = found;
      const metadata = title === undefined ? rest.metadata : { ...rest.metadata, title };
      return { ...rest, text, metadata };
    },
  };
}
