import { gunzipSync } from "node:zlib";

/** A web page and what people marked in it. */
export interface MarkedPage {
  html: Uint8Array;
  mainText: string;
  /** Phrases that belong to it. */
  with: string[];
  /** Phrases of what surrounds it. */
  without: string[];
}

/** Web pages with human truth, of the WCXB benchmark. */
export const WCXB: URL = new URL("../../../../../shared/data/wcxb-web/", import.meta.url);

/** Each `step`-th page. */
export async function readPages(step: number = 1): Promise<MarkedPage[]> {
  const names = [...Deno.readDirSync(new URL("html/", WCXB))].map(({ name }) => name).sort();
  return await Promise.all(
    names.filter((_, i) => i % step === 0).map(async (name) => {
      const html = new Uint8Array(gunzipSync(await Deno.readFile(new URL(`html/${name}`, WCXB))));
      const path = `ground-truth/${name.replace(".html.gz", ".json")}`;
      const { ground_truth: truth } = JSON.parse(await Deno.readTextFile(new URL(path, WCXB)));
      const [phrases, others] = [truth.with ?? [], truth.without ?? []];
      return { html, mainText: truth.main_content ?? "", with: phrases, without: others };
    }),
  );
}

/** Mean F1 of words, and the shares of the phrases that are in the texts. */
export function score(
  pages: MarkedPage[],
  texts: string[],
): { f1: number; withKept: number; withoutKept: number } {
  const f1 = pages.reduce((sum, { mainText }, i) => sum + wordF1(texts[i], mainText), 0);
  const share = (which: "with" | "without") => {
    const kept = pages.flatMap((page, i) =>
      page[which].map((phrase) => plain(texts[i]).includes(plain(phrase)))
    );
    return kept.filter(Boolean).length / kept.length;
  };
  return { f1: f1 / pages.length, withKept: share("with"), withoutKept: share("without") };
}

/** Of the words as multisets; 1 where both texts are empty. */
function wordF1(found: string, wanted: string): number {
  const [a, b] = [words(found), words(wanted)];
  if (a.length + b.length === 0) return 1;
  const left = new Map<string, number>();
  for (const word of b) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of a) {
    const count = left.get(word) ?? 0;
    if (count > 0) common++;
    left.set(word, count - 1);
  }
  return 2 * common / (a.length + b.length);
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/g, " ");
}
