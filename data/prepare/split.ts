import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import {
  assertConserved,
  type Packer,
  packer,
  type PackingAccounting,
  type PackingStrategy,
  type Row,
} from "../packing/mod.ts";
import { BinWriter, type BinWriterState, MdsWriter, type MdsWriterState } from "../shards/mod.ts";

/** Where one side of the split stands. */
export interface SplitState {
  /** Name of the file that holds the packer's state. */
  packer: string;
  writer: MdsWriterState | BinWriterState;
}

/** Options of `Split.open`. */
export interface SplitOptions {
  /** Folder of all output; the split is the one of its name in it, or this where it has none. */
  out: string;
  /** Folder for the state of the packer. */
  folder: string;
  context: number;
  vocabularySize: number;
  strategy: PackingStrategy;
  padId: number;
  format: "mds" | "bin";
  shardBytes?: number;
}

/** One side of the split: a packer and a writer. */
export class Split {
  #packer: Packer;
  #writer: MdsWriter | BinWriter;

  private constructor(readonly name: string, packer: Packer, writer: MdsWriter | BinWriter) {
    this.#packer = packer;
    this.#writer = writer;
  }

  /** Begins a split, or goes on with one. */
  static async open(name: string, options: SplitOptions, state?: SplitState): Promise<Split> {
    const { out, folder, context, vocabularySize, strategy, padId, format } = options;
    const isWhole = strategy === "best-fit";
    const rows = packer({
      ...{ strategy, context, vocabularySize, padId },
      state: state && await Deno.readFile(join(folder, state.packer)),
    });
    const place = join(out, name);
    if (format === "mds") {
      const columns = { documentIds: isWhole, weights: isWhole };
      const options_ = { context, vocabularySize, shardBytes: options.shardBytes, ...columns };
      const writer = await MdsWriter.open(place, options_, state?.writer as MdsWriterState);
      return new Split(name, rows, writer);
    }
    await Deno.mkdir(place, { recursive: true });
    const writer = await BinWriter.open(
      join(place, "tokens.bin"),
      { vocabularySize },
      state?.writer as BinWriterState,
    );
    return new Split(name, rows, writer);
  }

  /** Where the tokens went so far. */
  get accounting(): PackingAccounting {
    return { ...this.#packer.accounting };
  }

  /** Adds a document. */
  async add(tokens: Row["tokens"]): Promise<void> {
    for (const row of this.#packer.add({ tokens })) await this.#writer.write(row);
  }

  /** Brings all to the disk. */
  async save(folder: string, generation: number): Promise<SplitState> {
    const packer = `packer-${this.name}-${generation}`;
    {
      using file = await AppendFile.open(join(folder, packer), 0);
      await file.append(this.#packer.state());
      await file.sync();
    }
    return { packer, writer: await this.#writer.state() };
  }

  /** Gives the last rows out. */
  async flush(): Promise<void> {
    for (const row of this.#packer.flush()) await this.#writer.write(row);
    assertConserved(this.#packer.accounting);
  }

  /** Makes the output whole. */
  async finish(): Promise<void> {
    await this.#writer.finish();
  }
}
