import type { TrainEvent } from "../../model/mod.ts";
import { AppendFile } from "./append_file.ts";
import type { EventConsumer } from "./consumer.ts";

/** Writes `samples.md`: what the model wrote, under a heading for each iteration. */
export class SamplesFile implements EventConsumer {
  #file: AppendFile;

  /** @throws {Error} if the file cannot be written */
  constructor(path: string) {
    this.#file = new AppendFile(path);
  }

  consume(event: TrainEvent): void {
    if (event.type !== "sample") return;
    const fence = fenceFor(event.text);
    this.#file.append(
      `## Iteration ${event.iteration}\n\n${fence}text\n${event.text}\n${fence}\n\n`,
    );
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** A code fence longer than any run of backticks in the text. */
function fenceFor(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  return "`".repeat(Math.max(2, ...runs.map((run) => run.length)) + 1);
}
