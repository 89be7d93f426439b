import type { TrainEvent } from "../../model/mod.ts";
import type { EventConsumer } from "./consumer.ts";
import { lossSvg } from "./loss_svg.ts";

/** Draws `loss.svg` anew at every evaluation and checkpoint and at the end. */
export class PlotFile implements EventConsumer {
  /** Loss of iteration i + 1. */
  #train: number[] = [];
  #validation = new Map<number, number>();

  /**
   * Begins a plot with what the run has measured before.
   *
   * @param path the SVG to write
   * @param metricsPath the run's `metrics.jsonl`, if there is one yet. Of several lines for an
   * iteration the last counts; damaged lines are left out.
   * @throws {Error} if the metrics cannot be read
   */
  constructor(readonly path: string, metricsPath: string) {
    for (const line of readLines(metricsPath)) this.#take(parsed(line));
  }

  consume(event: TrainEvent): void {
    if (event.type === "step" || event.type === "evaluation") this.#take(event);
    if (event.type === "evaluation" || event.type === "checkpoint" || event.type === "end") {
      this.#write();
    }
  }

  #take(line: { iteration?: number; loss?: number | null; validationLoss?: number }): void {
    const { iteration, loss, validationLoss } = line;
    if (!Number.isInteger(iteration) || iteration! < 1) return;
    if (validationLoss !== undefined) this.#validation.set(iteration!, validationLoss);
    if (typeof loss !== "number") return;
    // No holes: they would turn the list of a long run into a slow table.
    while (this.#train.length < iteration! - 1) this.#train.push(NaN);
    this.#train[iteration! - 1] = loss;
  }

  /** Replaces the file as a whole, so that a viewer never reads half of it. */
  #write(): void {
    try {
      const text = lossSvg({ train: this.#train, validation: this.#validation });
      Deno.writeTextFileSync(`${this.path}.partial`, text);
      Deno.renameSync(`${this.path}.partial`, this.path);
    } catch (error) {
      throw new Error(`Cannot write ${this.path}: ${(error as Error).message}`);
    }
  }

  /** Nothing is held open between two drawings. */
  [Symbol.dispose](): void {}
}

/** Lines of a file, read piece by piece; none where there is no file. */
function* readLines(path: string): Generator<string> {
  try {
    using file = Deno.openSync(path);
    const decoder = new TextDecoder();
    const bytes = new Uint8Array(1 << 16);
    let rest = "";
    for (let count; (count = file.readSync(bytes)) !== null;) {
      const lines = (rest + decoder.decode(bytes.subarray(0, count), { stream: true })).split("\n");
      rest = lines.pop()!;
      yield* lines;
    }
    yield rest;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Error(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

function parsed(line: string): { iteration?: number; loss?: number; validationLoss?: number } {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
