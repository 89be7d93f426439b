import type { Step } from "../stage.ts";

/** Options of {@linkcode languageFilter}. */
export interface LanguageFilterOptions {
  /** The languages to keep, in ISO 639-1 letters (`en`, `zh`). */
  languages: readonly string[];
  /** The least score of the language recognised, from 0 to 1. @default 0.4 */
  minScore?: number;
}

/** A language that was recognised. */
export interface IdentifiedLanguage {
  /** ISO 639-1 letters. */
  language: string;
  /** From 0 to 1; typically 0.7 for prose. */
  score: number;
}

/** `eld` looks at no more of a text. */
const WINDOW_CHARACTERS = 1000;

/**
 * Loads the language identifier `eld` (letter n-grams of 60 languages, also of scripts without
 * spaces). It judges a text by its beginning, middle and end; null where it recognises nothing.
 */
export async function loadLanguageIdentifier(): Promise<
  (text: string) => IdentifiedLanguage | null
> {
  const { eld } = await import("eld/medium");
  return (text) => {
    const sums = new Map<string, number>();
    const windows = windowsOf(text);
    for (const window of windows) {
      for (const [language, score] of Object.entries(eld.detect(window).getScores())) {
        sums.set(language, (sums.get(language) ?? 0) + score / windows.length);
      }
    }
    let best: IdentifiedLanguage | null = null;
    for (const [language, score] of sums) {
      if (score > (best?.score ?? 0)) best = { language, score };
    }
    return best;
  };
}

/**
 * Keeps the documents of some languages; drops the others as `language`, and those whose language
 * is not clear as `language unclear`.
 *
 * @throws {RangeError} for a language that can't be recognised, or a score outside 0 to 1
 * @example
 * ```ts
 * import { languageFilter, stage } from "@quern/quern";
 * const text = "The mill stood where the river bends.";
 * const documents = ReadableStream.from([{ id: "0", text, source: "example", metadata: {} }]);
 * const english = stage(await languageFilter({ languages: ["en"] }));
 * for await (const document of documents.pipeThrough(english)) console.log(document.id);
 * ```
 */
export async function languageFilter(options: LanguageFilterOptions): Promise<Step> {
  const { languages, minScore = 0.4 } = options;
  const { eld } = await import("eld/medium");
  const known = Object.values(eld.info().Languages);
  const unknown = languages.filter((language) => !known.includes(language));
  if (languages.length === 0 || unknown.length > 0) {
    throw new RangeError(
      `Cannot filter by language: wanted some of ${known.toSorted().join(", ")}, got ` +
        `${(unknown.length > 0 ? unknown : ["none"]).join(", ")}`,
    );
  }
  if (!(minScore >= 0 && minScore <= 1)) {
    throw new RangeError(
      `Cannot filter by language: wanted a minScore from 0 to 1, got ${minScore}`,
    );
  }
  const identify = await loadLanguageIdentifier();
  const wanted = new Set(languages);
  return {
    name: "language",
    apply(document) {
      const found = identify(document.text);
      if (found === null || found.score < minScore) return { drop: "language unclear" };
      return wanted.has(found.language) ? document : { drop: "language" };
    },
  };
}

function windowsOf(text: string): string[] {
  const last = text.length - WINDOW_CHARACTERS;
  if (last <= WINDOW_CHARACTERS) return [text];
  return [0, last >> 1, last].map((start) => text.slice(start, start + WINDOW_CHARACTERS));
}
