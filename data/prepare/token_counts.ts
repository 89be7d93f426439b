import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import type { Tokens } from "../tokens.ts";

/** How often tokens stand in the documents kept, end-of-text left out. */
export interface TokenFrequencies {
  /** Number of different tokens that occur. */
  used: number;
  /** The most frequent ones, first. */
  top: { id: number; text: string; count: number }[];
  /** The counts of the 1st, 2nd, 4th, 8th … most frequent token. */
  byRank: { rank: number; count: number }[];
}

/** Tokens that are named. */
const TOP_TOKENS = 24;

/** How often each token was seen; survives interruptions. */
export class TokenCounts {
  readonly #counts: Float64Array<ArrayBuffer>;

  private constructor(counts: Float64Array<ArrayBuffer>) {
    this.#counts = counts;
  }

  /** Begins with nothing, or goes on from what was saved as a generation. */
  static async open(
    folder: string,
    vocabularySize: number,
    generation?: number,
  ): Promise<TokenCounts> {
    if (generation === undefined) return new TokenCounts(new Float64Array(vocabularySize));
    const bytes = await Deno.readFile(pathOf(folder, generation));
    return new TokenCounts(new Float64Array(bytes.buffer));
  }

  /** Counts tokens. */
  add(tokens: Tokens): void {
    const counts = this.#counts;
    for (let i = 0; i < tokens.length; i++) counts[tokens[i]]++;
  }

  /** Brings the counts to the disk. */
  async save(folder: string, generation: number): Promise<void> {
    using file = await AppendFile.open(pathOf(folder, generation), 0);
    await file.append(new Uint8Array(this.#counts.buffer));
    await file.sync();
  }

  /**
   * Puts them in order.
   *
   * @param endOfText is left out
   * @param decode shows ids as text, each alone
   */
  async frequencies(
    endOfText: number | undefined,
    decode: (ids: number[]) => Promise<string[]>,
  ): Promise<TokenFrequencies> {
    const counts = this.#counts;
    const ids = Array.from(counts, (_, id) => id)
      .filter((id) => counts[id] > 0 && id !== endOfText)
      .sort((a, b) => counts[b] - counts[a] || a - b);
    const byRank: TokenFrequencies["byRank"] = [];
    for (let rank = 1; rank <= ids.length; rank *= 2) {
      byRank.push({ rank, count: counts[ids[rank - 1]] });
    }
    const top = ids.slice(0, TOP_TOKENS);
    const texts = await decode(top);
    return {
      used: ids.length,
      top: top.map((id, i) => ({ id, text: texts[i], count: counts[id] })),
      byRank,
    };
  }
}

function pathOf(folder: string, generation: number): string {
  return join(folder, `tokens-${generation}`);
}
