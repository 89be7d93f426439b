import { type DefaultTreeAdapterTypes, parse, parseFragment, serialize } from "parse5";

/** A node of a page: an element, or text (`nodeName` `#text`). */
export interface PageNode {
  /** Lower case. */
  readonly nodeName: string;
  /** Of a text node. */
  readonly value?: string;
  readonly attrs?: readonly { readonly name: string; readonly value: string }[];
  readonly childNodes?: PageNode[];
  parentNode?: PageNode | null;
}

/** Elements deeper than this are taken for text, as browsers do (theirs is 512). */
const MAX_DEPTH = 256;

/** Never shown, or no text. */
const HIDDEN: ReadonlySet<string> = new Set([
  "#comment",
  ...["script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "canvas"],
  ...["audio", "video", "map", "select", "button", "input", "textarea", "datalist", "dialog"],
]);

/** A page as HTML's own rules read it, without what is never shown. No script is run. */
export function parsePage(html: string): PageNode {
  const page = parse(html) as PageNode;
  prune(page);
  return page;
}

/** Like `parsePage`, of a piece of a page. */
export function parsePiece(html: string): PageNode {
  return parseFragment(html) as PageNode;
}

/** The page as HTML. */
export function writePage(page: PageNode): string {
  return serialize(page as DefaultTreeAdapterTypes.ParentNode);
}

/** A node and all below it, each before its own children; `skip` leaves out those below a node. */
export function* walk(
  root: PageNode,
  skip: (node: PageNode) => boolean = () => false,
): Generator<PageNode> {
  const stack = [root];
  for (let node; (node = stack.pop()) !== undefined;) {
    yield node;
    if (skip(node)) continue;
    const below = node.childNodes ?? [];
    for (let i = below.length - 1; i >= 0; i--) stack.push(below[i]);
  }
}

/** The first element of that name. */
export function findElement(root: PageNode, name: string): PageNode | undefined {
  for (const node of walk(root)) if (node.nodeName === name) return node;
}

/** An attribute; the empty text where there is none. */
export function attribute(node: PageNode, name: string): string {
  return node.attrs?.find((each) => each.name === name)?.value ?? "";
}

/** Takes out what is never shown and what is too deep. */
function prune(root: PageNode): void {
  const stack: [PageNode, number][] = [[root, 0]];
  for (let entry; (entry = stack.pop()) !== undefined;) {
    const [node, depth] = entry;
    const below = node.childNodes;
    if (below === undefined) continue;
    const shown = below.filter(isShown);
    below.length = 0;
    for (const child of depth < MAX_DEPTH ? shown : shown.flatMap(flatten)) {
      below.push(child);
      child.parentNode = node;
      if (depth < MAX_DEPTH) stack.push([child, depth + 1]);
    }
  }
}

function flatten(node: PageNode): PageNode[] {
  return [...walk(node, (each) => !isShown(each))].filter(({ nodeName }) => nodeName === "#text");
}

function isShown(node: PageNode): boolean {
  if (HIDDEN.has(node.nodeName)) return false;
  if (node.attrs === undefined || node.attrs.length === 0) return true;
  return !node.attrs.some(({ name, value }) =>
    name === "hidden" || (name === "aria-hidden" && value === "true") ||
    (name === "style" && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(value))
  );
}
