import type { PageNode } from "./tree.ts";

const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));

/** Set apart by blank lines. */
const PARAGRAPHS = names(
  "p h1 h2 h3 h4 h5 h6 ul ol dl table pre blockquote figure figcaption section article header " +
    "footer main nav aside div address details summary fieldset form hr center body",
);

/** Lines of their own. */
const LINES = names("li dt dd tr br caption thead tbody tfoot option");

/**
 * The text below a node as a reader sees it: paragraphs apart by blank lines, list items and table
 * rows on lines of their own, spaces collapsed but in preformatted text.
 */
export function readNodeText(root: PageNode): string {
  const writer = new TextWriter();
  const stack: [PageNode, boolean][] = [[root, false]];
  for (let entry; (entry = stack.pop()) !== undefined;) {
    const [node, left] = entry;
    if (left) {
      writer.leave(node.nodeName);
      continue;
    }
    if (node.nodeName === "#text") writer.write(node.value ?? "");
    if (node.childNodes === undefined) continue;
    writer.enter(node.nodeName);
    stack.push([node, true]);
    for (let i = node.childNodes.length - 1; i >= 0; i--) stack.push([node.childNodes[i], false]);
  }
  return writer.text();
}

/** Collects text and holds back line breaks, spaces and bullets until more text comes. */
class TextWriter {
  #parts: string[] = [];
  #breaks = 0;
  #space = false;
  #bullet = false;
  #preformatted = 0;
  #items = 0;

  enter(name: string): void {
    this.#break(name);
    if (name === "pre") this.#preformatted++;
    if (name === "li") {
      this.#bullet = true;
      this.#items++;
    }
    if (name === "td" || name === "th") this.#space = true;
  }

  leave(name: string): void {
    if (name === "pre") this.#preformatted--;
    if (name !== "br") this.#break(name);
    if (name !== "li") return;
    this.#bullet = false;
    this.#items--;
  }

  write(value: string): void {
    const raw = this.#preformatted > 0;
    const text = raw ? value.replaceAll("\r\n", "\n") : value.replace(/[\s\u00a0]+/g, " ");
    if (!raw && text.startsWith(" ")) this.#space = true;
    if (text.trim() === "") return;
    if (this.#parts.length > 0) {
      if (this.#breaks > 0) this.#parts.push("\n".repeat(this.#breaks));
      else if (this.#space) this.#parts.push(" ");
    }
    if (this.#bullet) this.#parts.push("- ");
    this.#parts.push(raw ? text.replace(/^\n+|\s+$/g, "") : text.trim());
    this.#breaks = 0;
    this.#bullet = false;
    this.#space = /\s$/.test(text);
  }

  text(): string {
    return this.#parts.join("");
  }

  #break(name: string): void {
    // Blocks within list items are lines of the list.
    if (PARAGRAPHS.has(name)) this.#breaks = Math.max(this.#breaks, this.#items > 0 ? 1 : 2);
    else if (LINES.has(name)) this.#breaks = Math.max(this.#breaks, 1);
  }
}
