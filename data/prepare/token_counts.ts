import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import type { Tokens } from "../tokens.ts";

/** How often each token was seen; survives interruptions. */
export class TokenCounts {
  /** By id. */
  readonly counts: Float64Array<ArrayBuffer>;

  private constructor(counts: Float64Array<ArrayBuffer>) {
    this.counts = counts;
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
    const { counts } = this;
    for (let i = 0; i < tokens.length; i++) counts[tokens[i]]++;
  }

  /** Brings the counts to the disk. */
  async save(folder: string, generation: number): Promise<void> {
    using file = await AppendFile.open(pathOf(folder, generation), 0);
    await file.append(new Uint8Array(this.counts.buffer));
    await file.sync();
  }
}

function pathOf(folder: string, generation: number): string {
  return join(folder, `tokens-${generation}`);
}
