import type { Document } from "../../document.ts";
import type { Step } from "../../stage.ts";
import { mainText } from "../web/mod.ts";
import type { ReadFormatOptions } from "./document_reader.ts";

/**
 * What a reader makes of web pages, as `webPages` says; null of those without text. Other documents
 * stay what they are.
 */
export function pageReader(
  { webPages = "text" }: ReadFormatOptions,
): (document: Document) => Promise<Document | null> {
  let step: Promise<Step> | undefined;
  return async (document) => {
    if (webPages === "html" || !document.html) return document;
    const read = (await (step ??= mainText())).apply(document);
    return "drop" in read ? null : read;
  };
}
