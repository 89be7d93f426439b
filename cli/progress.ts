import process from "node:process";
import { format as formatDuration } from "@std/fmt/duration";
import cliProgress from "cli-progress";
import type { EvaluationEvent, StartEvent, StepEvent, TrainEvent } from "../model/mod.ts";
import type { EventConsumer } from "./consumers/mod.ts";

/** Time between two plain lines, in milliseconds. */
const PLAIN_INTERVAL_MS = 10_000;

/**
 * Shows the progress of training: a live bar on standard error, plain lines now and then where that
 * is no terminal or with `NO_COLOR`, or each event as a JSON line on standard output.
 */
export function openProgress(options: { json: boolean }): EventConsumer {
  if (options.json) {
    return {
      consume: (event) => console.log(JSON.stringify(event)),
      [Symbol.dispose]() {},
    };
  }
  if (Deno.stderr.isTerminal() && !Deno.noColor) return new ProgressBar();
  return new ProgressLines((line) => console.error(line));
}

/** What bar and lines say of the training so far; the last sample is left to the command's end. */
class Status {
  #start?: StartEvent;
  #startMs = 0;
  #step?: StepEvent;
  #validation?: EvaluationEvent;
  /** Seconds of all iterations, and of them those spent waiting for batches. */
  #seconds = 0;
  #waitedSeconds = 0;

  constructor(private readonly nowMs: () => number) {}

  take(event: TrainEvent): void {
    if (event.type === "start") {
      this.#start = event;
      this.#startMs = this.nowMs();
    } else if (event.type === "step") {
      const seconds = (this.#start?.tokensPerIteration ?? 0) / event.tokensPerSecond;
      this.#seconds += seconds;
      this.#waitedSeconds += event.dataWait * seconds;
      this.#step = event;
    } else if (event.type === "evaluation") this.#validation = event;
  }

  /** Whether the last iteration is done. */
  get atEnd(): boolean {
    return this.#step?.iteration === this.#start?.iterations;
  }

  /** Such as `120/600 · loss 2.3456 · val 2.4012 · 1,234 tok/s · data wait 0.0% · lr 1.0e-3 · 2m 3s left`. */
  toString(): string {
    const { iterations = 0, iteration: first = 0 } = this.#start ?? {};
    const step = this.#step;
    if (!step) return `${first}/${iterations}`;
    const perIterationMs = (this.nowMs() - this.#startMs) / Math.max(1, step.iteration - first);
    const leftMs = perIterationMs * (iterations - step.iteration);
    return [
      `${step.iteration}/${iterations}`,
      `loss ${step.loss.toFixed(4)}`,
      this.#validation && `val ${this.#validation.validationLoss.toFixed(4)}`,
      this.#validation?.score !== undefined && `score ${this.#validation.score.toFixed(4)}`,
      `${Math.round(step.tokensPerSecond).toLocaleString("en")} tok/s`,
      `data wait ${(100 * this.#waitedSeconds / (this.#seconds || 1)).toFixed(1)}%`,
      step.skippedSteps && `${step.skippedSteps} skipped`,
      `lr ${step.learningRate.toExponential(1)}`,
      `${seconds(leftMs)} left`,
    ].filter(Boolean).join(" · ");
  }
}

/** Plain lines: at evaluations, and every ten seconds between. */
export class ProgressLines implements EventConsumer {
  #status: Status;
  #lastMs = -Infinity;

  /**
   * @param print takes each line
   * @param nowMs the clock, in milliseconds
   */
  constructor(
    private readonly print: (line: string) => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.#status = new Status(nowMs);
  }

  consume(event: TrainEvent): void {
    this.#status.take(event);
    if (event.type === "start") this.print(introduction(event));
    else if (event.type === "sample" && !this.#status.atEnd) this.print(sampleText(event.text));
    else if (event.type === "evaluation") this.#printStatus();
    else if (event.type === "step" && this.nowMs() - this.#lastMs >= PLAIN_INTERVAL_MS) {
      this.#printStatus();
    }
  }

  #printStatus(): void {
    this.#lastMs = this.nowMs();
    this.print(`iteration ${this.#status}`);
  }

  [Symbol.dispose](): void {}
}

/** A bar that stays on the terminal's last line; samples scroll by above it. */
class ProgressBar implements EventConsumer {
  #status = new Status(() => performance.now());
  #bar = new cliProgress.SingleBar({
    format: "{bar} {status}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    // The text beside it takes up to 93 columns.
    barsize: Math.max(4, Math.min(30, Deno.consoleSize().columns - 95)),
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  #iteration = 0;
  #iterations = 0;

  consume(event: TrainEvent): void {
    this.#status.take(event);
    if (event.type === "start") {
      this.#iteration = event.iteration;
      this.#iterations = event.iterations;
      console.error(introduction(event));
      this.#show();
    } else if (event.type === "step" || event.type === "evaluation") {
      this.#iteration = event.iteration;
      this.#bar.update(event.iteration, { status: String(this.#status) });
    } else if (event.type === "sample" && !this.#status.atEnd) {
      this.#bar.stop();
      console.error(sampleText(event.text));
      this.#show();
    } else if (event.type === "end") {
      this.#bar.stop();
      console.error(`iteration ${this.#status}`);
    }
  }

  #show(): void {
    this.#bar.start(this.#iterations, this.#iteration, { status: String(this.#status) });
  }

  /** Takes the bar off the terminal and shows the cursor again. */
  [Symbol.dispose](): void {
    this.#bar.stop();
  }
}

function introduction({ parameters, iteration, iterations }: StartEvent): string {
  const from = iteration > 0 ? `going on after iteration ${iteration}` : "training";
  return `${parameters.toLocaleString("en")} parameters, ${from}, ${iterations} iterations in all`;
}

function sampleText(text: string): string {
  return `--- sample ---\n${text}\n--------------`;
}

function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000)) * 1000;
  return whole === 0 ? "0s" : formatDuration(whole, { style: "narrow", ignoreZero: true });
}
