/** Options of {@linkcode extractMainText}. */
export interface ExtractMainTextOptions {
  /** The `Content-Type` that came with the page: its charset is believed. @default none */
  contentType?: string;
  /** Larger pages are given up, in bytes. @default 8 MiB */
  maxBytes?: number;
}

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
  const { extract } = await import("./extract.ts");
  return extract(bytes, options);
}
