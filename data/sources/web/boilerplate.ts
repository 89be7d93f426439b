import { attribute, type PageNode, walk } from "./tree.ts";

/** Elements and roles that are never the matter of a page. */
const FRAMES: ReadonlySet<string> = new Set(["nav", "footer", "aside", "dialog"]);
const ROLES: ReadonlySet<string> = new Set([
  ...["navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog"],
  ...["menu", "menubar", "toolbar", "tooltip"],
]);

/** Words of class names and ids that tell what surrounds the matter of a page. */
const SIGNS = new RegExp(
  `(^|[\\s_-])(${
    [
      "nav|navbar|navigation|menu|breadcrumbs?|footer|sidebar|masthead|toolbar|skip|pagination|pager",
      "cookies?|consent|gdpr|banner|popup|modal|newsletter|subscribe|promo|advert|ads?|sponsored",
      "share|sharing|social|related|recommend(ed|ations)?|widget|signup|login|onetrust",
    ].join("|")
  })([\\s_-]|$)`,
  "i",
);

/** Blocks that may be nothing but links. */
const LINKED: ReadonlySet<string> = new Set(["ul", "ol", "div", "section", "p", "td"]);

/** Share of its characters in links from which a block is a menu. */
const MAX_LINK_SHARE = 0.8;

const MATTER: ReadonlySet<string> = new Set(["main", "article", "h1"]);

/** Takes out navigation, banners, footers, and other frames of a page. */
export function removeFrames(page: PageNode): void {
  const matter = holders(page, ({ nodeName }) => MATTER.has(nodeName));
  const counts = countCharacters(page);
  const most = counts.get(page)!.all / 2;
  remove(page, (node) => {
    // What holds most of the text is no frame, whatever it is called.
    if (node.attrs === undefined) return false;
    if (FRAMES.has(node.nodeName) || ROLES.has(attribute(node, "role"))) return true;
    if (node.nodeName === "header") return !within(node, MATTER);
    return !matter.has(node) && counts.get(node)!.all < most &&
      SIGNS.test(`${attribute(node, "class")} ${attribute(node, "id")}`);
  });
}

/** Takes out blocks that are little but links. */
export function removeLinkBlocks(page: PageNode): void {
  const titled = holders(page, ({ nodeName }) => nodeName === "h1");
  const counts = countCharacters(page);
  remove(page, (node) => {
    const { all, linked } = counts.get(node)!;
    return LINKED.has(node.nodeName) && linked > MAX_LINK_SHARE * all && !titled.has(node);
  });
}

interface Characters {
  all: number;
  /** Of these, in links. */
  linked: number;
}

/** How much text each node holds. */
function countCharacters(page: PageNode): Map<PageNode, Characters> {
  const counts = new Map<PageNode, Characters>();
  const order = [...walk(page)];
  for (const node of order.toReversed()) {
    const count = { all: 0, linked: 0 };
    if (node.nodeName === "#text") count.all = node.value!.trim().length;
    for (const child of node.childNodes ?? []) {
      const { all, linked } = counts.get(child)!;
      count.all += all;
      count.linked += linked;
    }
    if (node.nodeName === "a") count.linked = count.all;
    counts.set(node, count);
  }
  return counts;
}

/** The elements with a node of that kind below them. */
function holders(page: PageNode, is: (node: PageNode) => boolean): Set<PageNode> {
  const found = new Set<PageNode>();
  for (const node of walk(page)) {
    if (!is(node)) continue;
    for (let at: PageNode | null | undefined = node; at && !found.has(at); at = at.parentNode) {
      found.add(at);
    }
  }
  return found;
}

function within(node: PageNode, kinds: ReadonlySet<string>): boolean {
  for (let at = node.parentNode; at; at = at.parentNode) if (kinds.has(at.nodeName)) return true;
  return false;
}

function remove(page: PageNode, is: (node: PageNode) => boolean): void {
  for (const { childNodes } of walk(page)) {
    if (childNodes === undefined || !childNodes.some(is)) continue;
    const kept = childNodes.filter((node) => !is(node));
    childNodes.length = 0;
    childNodes.push(...kept);
  }
}
