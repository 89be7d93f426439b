import type { Step } from "../stage.ts";
import { c4Paragraphs, type C4ParagraphsOptions, c4Quality, type C4QualityOptions } from "./c4.ts";
import { fineWebQuality, type FineWebQualityOptions } from "./fineweb.ts";
import { gopherQuality, type GopherQualityOptions } from "./gopher_quality.ts";
import { gopherRepetition, type GopherRepetitionOptions } from "./gopher_repetition.ts";
import { languageFilter } from "./language.ts";
import { type LengthFilterOptions, lengthLimits } from "./length.ts";
import { boilerplateRemoval, repetitionRemoval } from "./lines.ts";
import { controlCharacterRemoval, lineEndings, unicodeNormalization } from "./normalization.ts";
import { piiRemoval } from "./pii.ts";
import type { PiiKind } from "./pii_patterns.ts";
import { urlFilter, type UrlFilterOptions } from "./url.ts";
import { wordFilter } from "./word_list.ts";

/** Names of the published sets of filters. */
export type CleaningPreset = "none" | "gopher" | "c4" | "fineweb";

/** How documents are cleaned and which are dropped: plain JSON, so that workers can be told. */
export interface CleaningOptions extends LengthFilterOptions, UrlFilterOptions {
  /** A published set of filters; the options below go before its own. @default "none" */
  preset?: CleaningPreset;
  /** Whether all lines end with `\n` afterwards. @default true in all presets but "none" */
  lineEndings?: boolean;
  /** Unicode form to write the text in. @default as it is */
  normalize?: "NFC" | "NFKC";
  /** Whether control, zero-width and direction characters go. @default false */
  removeControlCharacters?: boolean;
  /** Whether lines of menus and notices go; or, a list of lines that go too. @default false */
  removeBoilerplate?: boolean | readonly string[];
  /** Whether lines or paragraphs go that have come before in the document. @default neither */
  removeRepeated?: "line" | "paragraph";
  /** Shortest line or paragraph that must not repeat, in UTF-16 units. @default 40 */
  minRepeatedCharacters?: number;
  /** Languages to keep, in ISO 639-1 letters. @default all */
  languages?: readonly string[];
  /** Least score of the language recognised, from 0 to 1. @default 0.4 */
  languageScore?: number;
  /** Whether repetitive documents go, or its limits. @default by preset */
  gopherRepetition?: boolean | GopherRepetitionOptions;
  /** Whether documents go that are no prose, or its limits. @default by preset */
  gopherQuality?: boolean | GopherQualityOptions;
  /** Whether lines go that are no sentences, or its limits. @default by preset */
  c4Quality?: boolean | C4QualityOptions;
  /** Whether documents go that have few long lines, or its limits. @default false */
  c4Paragraphs?: boolean | C4ParagraphsOptions;
  /** Whether documents go that look like lists, or its limits. @default by preset */
  fineWebQuality?: boolean | FineWebQualityOptions;
  /** Words and phrases no document may hold. @default none */
  blockedWords?: readonly string[];
  /** Whether personal data and secrets are replaced, or which kinds. @default by preset */
  pii?: boolean | readonly PiiKind[];
}

/**
 * The published sets of filters. `fineweb` is FineWeb's pipeline (arXiv 2406.17557) without its
 * lists of addresses, which the user brings, and its choice of English: give `languages`.
 */
export const PRESETS: Readonly<Record<CleaningPreset, Readonly<CleaningOptions>>> = {
  none: {},
  gopher: { lineEndings: true, gopherRepetition: true, gopherQuality: true },
  c4: { lineEndings: true, c4Quality: true },
  fineweb: {
    lineEndings: true,
    gopherRepetition: true,
    gopherQuality: true,
    c4Quality: { needsTerminalPunctuation: false },
    fineWebQuality: true,
    pii: ["email", "ip"],
  },
};

/**
 * The steps that clean documents and drop bad ones, in the order in which they are to be applied:
 * by address, what changes the text, language, repetition, quality, words, length, personal data.
 *
 * @throws {RangeError} for an unknown preset or language and for limits that make no sense
 * @example
 * ```ts
 * import { buildSteps, stage } from "@quern/quern";
 * const steps = await buildSteps({ preset: "fineweb", gopherQuality: { minWords: 20 } });
 * console.log(steps.map(({ name }) => name));
 * const filters = steps.map((step) => stage(step)); // each a transform of documents
 * ```
 */
export async function buildSteps(options: CleaningOptions): Promise<Step[]> {
  const { preset = "none" } = options;
  if (!Object.hasOwn(PRESETS, preset)) {
    throw new RangeError(
      `Cannot clean text: wanted a preset of ${Object.keys(PRESETS).join(", ")}, got ${preset}`,
    );
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const all: CleaningOptions = { ...PRESETS[preset], ...Object.fromEntries(given) };
  const steps: Step[] = [];
  const add = <T extends object>(
    option: boolean | T | undefined,
    make: (options?: T) => Step,
    ofPreset?: boolean | T,
  ) => {
    if (!option) return;
    const limits = option === true ? undefined : option;
    // A limit of the user's leaves the preset's others as they are.
    steps.push(make(typeof ofPreset === "object" ? { ...ofPreset, ...limits } : limits));
  };

  if (URL_LISTS.some((list) => all[list]?.length)) steps.push(await urlFilter(all));
  if (all.lineEndings) steps.push(lineEndings());
  if (all.normalize) steps.push(unicodeNormalization({ form: all.normalize }));
  if (all.removeControlCharacters) steps.push(controlCharacterRemoval());
  if (all.removeBoilerplate) {
    const lines = all.removeBoilerplate === true ? [] : all.removeBoilerplate;
    steps.push(boilerplateRemoval({ lines }));
  }
  if (all.removeRepeated) {
    const { removeRepeated: unit, minRepeatedCharacters: minCharacters } = all;
    steps.push(repetitionRemoval({ unit, minCharacters }));
  }
  if (all.languages?.length) {
    const { languages, languageScore: minScore } = all;
    steps.push(await languageFilter({ languages, minScore }));
  }
  const published = PRESETS[preset];
  add(all.gopherRepetition, gopherRepetition, published.gopherRepetition);
  add(all.gopherQuality, gopherQuality, published.gopherQuality);
  add(all.c4Quality, c4Quality, published.c4Quality);
  add(all.c4Paragraphs, c4Paragraphs);
  add(all.fineWebQuality, fineWebQuality, published.fineWebQuality);
  if (all.blockedWords?.length) steps.push(wordFilter({ words: all.blockedWords }));
  const limits = lengthLimits(all);
  if (limits !== undefined) steps.push(limits);
  if (all.pii) steps.push(piiRemoval(all.pii === true ? {} : { kinds: all.pii }));
  return steps;
}

const URL_LISTS = [
  "blockedDomains",
  "blockedUrls",
  "blockedUrlWords",
  "suspiciousUrlWords",
  "blockedUrlSubwords",
] as const;
