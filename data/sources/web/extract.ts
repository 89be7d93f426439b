import { Readability } from "@mozilla/readability";
import { DOMParser } from "linkedom";
import { removeFrames, removeLinkBlocks } from "./boilerplate.ts";
import type { MainText } from "./main_text.ts";
import { readNodeText } from "./text.ts";
import { findElement, type PageNode, parsePage, parsePiece, walk, writePage } from "./tree.ts";

/** Below this share of the page's own text, what Readability found is a part of it, not all. */
const MIN_ARTICLE_SHARE = 0.5;

/** Below this share of the text without frames, the links are what the page is about. */
const MIN_PROSE_SHARE = 0.25;

/** Pages of more elements are left to the simple rules, which take linear time. */
const MAX_ELEMENTS = 20_000;

/** See `extractMainText`, which loads this module with its libraries when it is needed. */
export function extract(html: string): MainText | null {
  const page = parsePage(html);
  const ownTitle = findElement(page, "title");
  removeFrames(page);
  const unframed = bodyText(page);
  const article = readArticle(page);
  removeLinkBlocks(page);
  const prose = bodyText(page);
  const plain = prose.length < MIN_PROSE_SHARE * unframed.length ? unframed : prose;
  const found = article !== null && article.text.length >= MIN_ARTICLE_SHARE * plain.length;
  const text = found ? article.text : plain;
  if (text === "") return null;
  const title = article?.title || (ownTitle && readNodeText(ownTitle));
  return title ? { text, title } : { text };
}

function bodyText(page: PageNode): string {
  return readNodeText(findElement(page, "body") ?? page);
}

function readArticle(page: PageNode): MainText | null {
  let elements = 0;
  for (const { attrs } of walk(page)) if (attrs !== undefined) elements++;
  if (elements > MAX_ELEMENTS) return null;
  const document = new DOMParser().parseFromString(writePage(page), "text/html");
  const found = new Readability(document).parse();
  if (!found?.content) return null;
  return { text: readNodeText(parsePiece(found.content)), title: found.title?.trim() };
}
