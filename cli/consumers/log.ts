import type { TuneEvent } from "../../kernels/mod.ts";
import type { TrainEvent } from "../../model/mod.ts";
import { AppendFile } from "./append_file.ts";
import type { EventConsumer } from "./consumer.ts";

/** Writes `log.txt`: what happened in a run and when, apart from single iterations. */
export class LogFile implements EventConsumer {
  #file: AppendFile;

  /**
   * @param now the time of a line
   * @throws {Error} if the file cannot be written
   */
  constructor(path: string, private readonly now: () => Date = () => new Date()) {
    this.#file = new AppendFile(path);
  }

  consume(event: TrainEvent): void {
    const line = describe(event);
    if (line) this.note(line);
  }

  /** Writes a line of its own, such as a warning. */
  note(text: string): void {
    this.#file.append(`${this.now().toISOString()} ${text.replaceAll("\n", " ")}\n`);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

function describe(event: TrainEvent): string | undefined {
  switch (event.type) {
    case "start":
      return `training from iteration ${event.iteration} to ${event.iterations}: ${event.parameters} parameters, ${event.tokensPerIteration} tokens an iteration`;
    case "evaluation":
      return `iteration ${event.iteration}: validation loss ${event.validationLoss}` +
        (event.score === undefined ? "" : `, score ${event.score}`);
    case "sample":
      return `iteration ${event.iteration}: sample of ${event.text.length} characters`;
    case "checkpoint":
      return `iteration ${event.iteration}: checkpoint ${event.folder}`;
    case "tuning":
      return describeTuning(event.tuning);
    case "end":
      return `${event.interrupted ? "interrupted" : "finished"} at iteration ${event.iteration}` +
        (event.early ? ", since it got no better" : "");
  }
}

function describeTuning(tuning: TuneEvent): string | undefined {
  if (tuning.type === "chosen") {
    return `${tuning.shapes}: ${tuning.variant}, ${tuning.speedup.toFixed(2)} times as fast`;
  }
  if (tuning.type === "dropped") {
    return `${tuning.shapes}: ${tuning.variant} is not used, ${tuning.reason}`;
  }
}
