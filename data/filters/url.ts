import type { Step } from "../stage.ts";

/** Options of `urlFilter`: the lines of the user's lists; blank lines and `#` comments are passed over. */
export interface UrlFilterOptions {
  /** Domains and hosts whose pages go, with all hosts below them. @default none */
  blockedDomains?: readonly string[];
  /** Addresses that go, whole. @default none */
  blockedUrls?: readonly string[];
  /** Words no address may hold; words are runs of letters and digits. @default none */
  blockedUrlWords?: readonly string[];
  /** Words of which an address may hold some. @default none */
  suspiciousUrlWords?: readonly string[];
  /** So many different suspicious words are too many. @default 2 */
  suspiciousUrlWordLimit?: number;
  /** Letters no address may hold in a row once all else is taken out of it. @default none */
  blockedUrlSubwords?: readonly string[];
  /** Field of a document's metadata that holds its address. @default "url" */
  urlField?: string;
}

/**
 * A step that drops pages by their addresses, as FineWeb's pipeline does: by registered domain (found
 * by the library `tldts` in the Public Suffix List) or host, whole address, words and parts of words.
 * Documents without an address pass.
 *
 * @example
 * ```ts
 * import { urlFilter } from "@quern/quern";
 * const { apply } = await urlFilter({ blockedDomains: ["example.co.uk"] });
 * const metadata = { url: "https://shop.example.co.uk/mill" };
 * console.log(apply({ id: "0", text: "Mills", source: "example", metadata }));
 * // { drop: "blocked domain" }
 * ```
 */
export async function urlFilter(options: UrlFilterOptions): Promise<Step> {
  const { suspiciousUrlWordLimit = 2, urlField = "url" } = options;
  if (!(suspiciousUrlWordLimit >= 1)) {
    throw new RangeError(
      `Cannot filter by URL: wanted a suspiciousUrlWordLimit from 1, got ${suspiciousUrlWordLimit}`,
    );
  }
  const domains = new Set(linesOf(options.blockedDomains).map((line) => line.toLowerCase()));
  const urls = new Set(linesOf(options.blockedUrls));
  const words = new Set(linesOf(options.blockedUrlWords).map(lettersOf));
  const suspicious = new Set(linesOf(options.suspiciousUrlWords).map(lettersOf));
  const subwords = linesOf(options.blockedUrlSubwords).map(lettersOf).filter((word) => word !== "");
  const { parse } = await import("tldts");

  function reason(url: string): string | undefined {
    const { domain, hostname } = parse(url);
    if (domain !== null && domains.has(domain)) return "blocked domain";
    for (let host = hostname ?? ""; host !== "" && host !== domain;) {
      if (domains.has(host)) return "blocked host";
      const dot = host.indexOf(".");
      host = dot < 0 || domain === null ? "" : host.slice(dot + 1);
    }
    if (urls.has(url)) return "blocked address";
    const inUrl = new Set(url.toLowerCase().split(/[^a-z0-9]+/));
    inUrl.delete("");
    if (!words.isDisjointFrom(inUrl)) return "blocked word";
    if (suspicious.intersection(inUrl).size >= suspiciousUrlWordLimit) return "suspicious words";
    if (subwords.length > 0) {
      const letters = lettersOf(url);
      if (subwords.some((word) => letters.includes(word))) return "blocked part of a word";
    }
  }

  return {
    name: "url",
    apply(document) {
      const url = document.metadata[urlField];
      const drop = typeof url === "string" ? reason(url) : undefined;
      return drop === undefined ? document : { drop };
    },
  };
}

function linesOf(list: readonly string[] = []): string[] {
  return list.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

function lettersOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "");
}
