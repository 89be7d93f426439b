import process from "node:process";
import { format as formatBytes } from "@std/fmt/bytes";
import { format as formatDuration } from "@std/fmt/duration";
import cliProgress from "cli-progress";
import type { PrepareProgress } from "../data/mod.ts";

/** Time between two plain lines, in milliseconds. */
const PLAIN_INTERVAL_MS = 5_000;

/** Shows how far `quern prepare` has come. */
export interface PrepareProgressView extends Disposable {
  show(progress: PrepareProgress): void;
}

/**
 * A bar for each phase on standard error, plain lines now and then where that is no terminal or
 * with `NO_COLOR`, or JSON lines on standard output.
 */
export function openPrepareProgress(options: { json: boolean }): PrepareProgressView {
  if (options.json) {
    return {
      show: (progress) => console.log(JSON.stringify({ type: "progress", ...progress })),
      [Symbol.dispose]() {},
    };
  }
  return Deno.stderr.isTerminal() && !Deno.noColor
    ? new PhaseBars()
    : new PhaseLines((line) => console.error(line));
}

/** The clock of a phase: its first report may stand far in, where work was taken up again. */
class Pace {
  #phase?: string;
  #startMs = 0;
  #startBytes = 0;

  constructor(private readonly nowMs: () => number) {}

  /** Whether the report is the first of its phase. */
  begins({ phase, bytes }: PrepareProgress): boolean {
    if (phase === this.#phase) return false;
    this.#phase = phase;
    this.#startMs = this.nowMs();
    this.#startBytes = bytes;
    return true;
  }

  /** Such as `12 MB of 40 MB · 1,234 documents · 3.1% dropped · 8.2 MB/s · 4s left`. */
  describe({ bytes, totalBytes, documents, dropped }: PrepareProgress): string {
    const seconds = (this.nowMs() - this.#startMs) / 1000;
    const rate = seconds > 0 ? (bytes - this.#startBytes) / seconds : 0;
    const leftMs = totalBytes === undefined || rate === 0
      ? undefined
      : 1000 * Math.ceil((totalBytes - bytes) / rate);
    return [
      totalBytes === undefined
        ? formatBytes(bytes)
        : `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`,
      `${documents.toLocaleString("en")} documents`,
      `${documents === 0 ? "0.0" : (100 * dropped / documents).toFixed(1)}% dropped`,
      `${(rate / 1e6).toFixed(1)} MB/s`,
      leftMs && leftMs > 0 &&
      `${formatDuration(leftMs, { style: "narrow", ignoreZero: true })} left`,
    ].filter(Boolean).join(" · ");
  }
}

/** Plain lines: at the first report of a phase, and every five seconds after. */
export class PhaseLines implements PrepareProgressView {
  #pace: Pace;
  #lastMs = -Infinity;

  /**
   * @param print takes each line
   * @param nowMs the clock, in milliseconds
   */
  constructor(
    private readonly print: (line: string) => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.#pace = new Pace(nowMs);
  }

  show(progress: PrepareProgress): void {
    const begins = this.#pace.begins(progress);
    if (!begins && this.nowMs() - this.#lastMs < PLAIN_INTERVAL_MS) return;
    this.#lastMs = this.nowMs();
    this.print(`${progress.phase}: ${this.#pace.describe(progress)}`);
  }

  [Symbol.dispose](): void {}
}

/** A bar a phase; those that are done stay above. */
class PhaseBars implements PrepareProgressView {
  #pace = new Pace(() => performance.now());
  #bars = new cliProgress.MultiBar({
    format: "{phase} {bar} {status}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    // The text beside it takes up to 80 columns.
    barsize: Math.max(4, Math.min(30, Deno.consoleSize().columns - 88)),
    hideCursor: true,
    stream: process.stderr,
  });
  #bar?: cliProgress.SingleBar;

  show(progress: PrepareProgress): void {
    const { phase, bytes, totalBytes } = progress;
    const begins = this.#pace.begins(progress);
    const payload = { phase: phase.padEnd(5), status: this.#pace.describe(progress) };
    if (begins) {
      this.#bar = this.#bars.create(totalBytes ?? 0, bytes, payload);
    }
    this.#bar!.update(bytes, payload);
  }

  /** Leaves the bars as they are and shows the cursor again. */
  [Symbol.dispose](): void {
    this.#bars.stop();
  }
}
