import type { TrainEvent } from "../../model/mod.ts";
import { AppendFile } from "./append_file.ts";
import type { EventConsumer } from "./consumer.ts";

/**
 * Writes `metrics.jsonl`: a line for every iteration and every evaluation, losses at full precision.
 * An iteration that is repeated after a resume is written again; the later line counts.
 */
export class MetricsFile implements EventConsumer {
  #file: AppendFile;

  /** @throws {Error} if the file cannot be written */
  constructor(path: string) {
    this.#file = new AppendFile(path);
  }

  consume(event: TrainEvent): void {
    if (event.type === "step") {
      const { iteration, loss, learningRate, gradientNorm, tokensPerSecond, dataWait } = event;
      const { skippedSteps } = event;
      this.#write({
        ...{ iteration, loss, learningRate, gradientNorm, tokensPerSecond, dataWait },
        ...(skippedSteps !== undefined && { skippedSteps }),
      });
    } else if (event.type === "evaluation") {
      const { iteration, validationLoss, score } = event;
      this.#write({ iteration, validationLoss, ...(score !== undefined && { score }) });
    }
  }

  #write(line: Record<string, number>): void {
    this.#file.append(JSON.stringify(line) + "\n");
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
