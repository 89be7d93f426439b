import { join } from "@std/path";
import { compareUnits } from "./arrays.ts";
import type { CountedPreTokens, PreTokenCounts, VisitPreToken } from "./counts.ts";

/** Bytes of a record before its text: the count as a float64, the number of UTF-16 units. */
const HEAD_BYTES = 16;
const BUFFER_BYTES = 1 << 18;

/**
 * Sorted runs of counted pre-tokens in a temporary folder, which goes when this is disposed of.
 * They are merged as they are walked, so that memory holds one buffer per run.
 */
export class PreTokenRuns implements CountedPreTokens, Disposable {
  #folder: string;
  #paths: string[] = [];

  /** @param parent where to make the temporary folder; the system's own place if undefined */
  constructor(parent: string | undefined) {
    this.#folder = Deno.makeTempDirSync({ dir: parent, prefix: "quern-bpe-" });
  }

  /** Writes one more run. */
  write(counts: PreTokenCounts): void {
    const path = join(this.#folder, `${this.#paths.length}.run`);
    this.#paths.push(path);
    using writer = new RunWriter(path);
    counts.eachSorted((units, start, end, count) => writer.write(units, start, end, count));
  }

  each(visit: VisitPreToken): void {
    using stack = new DisposableStack();
    let open = this.#paths.map((path) => stack.use(new RunReader(path)));
    for (;;) {
      open = open.filter((run) => !run.ended);
      if (open.length === 0) return;
      let first = open[0];
      for (const run of open) if (run.compare(first) < 0) first = run;
      const same = open.filter((run) => run.compare(first) === 0);
      visit(first.units, 0, first.length, same.reduce((sum, run) => sum + run.count, 0));
      for (const run of same) run.next();
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

class RunWriter implements Disposable {
  #file: Deno.FsFile;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #length = 0;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { write: true, createNew: true });
  }

  write(units: Uint16Array, start: number, end: number, count: number): void {
    const bytes = recordBytes(end - start);
    if (this.#length + bytes > this.#buffer.length) this.#flush();
    if (bytes > this.#buffer.length) this.#buffer = new Uint8Array(bytes);
    const view = new DataView(this.#buffer.buffer, this.#length);
    view.setFloat64(0, count, true);
    view.setUint32(8, end - start, true);
    new Uint16Array(this.#buffer.buffer, this.#length + HEAD_BYTES).set(
      units.subarray(start, end),
    );
    this.#length += bytes;
  }

  #flush(): void {
    for (let done = 0; done < this.#length;) {
      done += this.#file.writeSync(this.#buffer.subarray(done, this.#length));
    }
    this.#length = 0;
  }

  [Symbol.dispose](): void {
    this.#flush();
    this.#file.close();
  }
}

/** Stands at one record of a run. */
class RunReader implements Disposable {
  units = new Uint16Array(0);
  length = 0;
  count = 0;
  ended = false;
  #file: Deno.FsFile;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;

  constructor(path: string) {
    this.#file = Deno.openSync(path);
    this.next();
  }

  next(): void {
    if (!this.#fill(HEAD_BYTES)) {
      this.ended = true;
      return;
    }
    const view = new DataView(this.#buffer.buffer, this.#start);
    const length = view.getUint32(8, true);
    this.#fill(recordBytes(length));
    this.count = new DataView(this.#buffer.buffer, this.#start).getFloat64(0, true);
    this.length = length;
    this.units = new Uint16Array(this.#buffer.buffer, this.#start + HEAD_BYTES, length);
    this.#start += recordBytes(length);
  }

  compare(other: RunReader): number {
    return compareUnits(this.units, 0, this.length, other.units, 0, other.length);
  }

  /** Whether that many bytes were to be had; they begin at `#start`. */
  #fill(bytes: number): boolean {
    if (this.#end - this.#start >= bytes) return true;
    const rest = this.#buffer.subarray(this.#start, this.#end);
    const buffer = new Uint8Array(Math.max(bytes, BUFFER_BYTES));
    buffer.set(rest);
    [this.#buffer, this.#start, this.#end] = [buffer, 0, rest.length];
    while (this.#end < bytes) {
      const read = this.#file.readSync(buffer.subarray(this.#end));
      if (read === null) return false;
      this.#end += read;
    }
    return true;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Records begin at a multiple of 8 bytes. */
function recordBytes(units: number): number {
  return Math.ceil((HEAD_BYTES + 2 * units) / 8) * 8;
}
