import type { Span } from "../../kernels/mod.ts";
import type { TrainEvent } from "../../model/mod.ts";
import type { EventConsumer } from "./consumer.ts";

/** Writes `profile.json`, a picture of an iteration for Perfetto or Chrome's tracing, and tells its table. */
export class ProfileFile implements EventConsumer {
  /** @param tell takes the table and where the picture is */
  constructor(private readonly path: string, private readonly tell: (text: string) => void) {}

  consume(event: TrainEvent): void {
    if (event.type !== "profile") return;
    const { spans, iteration } = event;
    try {
      Deno.writeTextFileSync(this.path, JSON.stringify(traceOf(spans, iteration)) + "\n");
    } catch (error) {
      throw new Error(`Cannot write ${this.path}: ${(error as Error).message}`);
    }
    this.tell(
      `Kernels of iteration ${iteration}:\n${profileTable(spans)}\n` +
        `${this.path} shows them one after another: open it at https://ui.perfetto.dev or in chrome://tracing.`,
    );
  }

  [Symbol.dispose](): void {}
}

/** An event of Chrome's trace format, times in microseconds. */
interface TraceEvent {
  name: string;
  /** `X`: with a duration. */
  ph: "X";
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  args: Record<string, number>;
}

/**
 * Spans in Chrome's trace format: each recording as a bar with its launches below.
 *
 * Source: "Trace Event Format", which Perfetto reads too.
 */
export function traceOf(
  spans: readonly Span[],
  iteration: number,
): { displayTimeUnit: "ms"; otherData: { iteration: number }; traceEvents: TraceEvent[] } {
  const event = (name: string, startNs: number, endNs: number, args: TraceEvent["args"] = {}) => ({
    ...{ name, ph: "X", pid: 1, tid: 1 } as const,
    ...{ ts: startNs / 1000, dur: (endNs - startNs) / 1000, args },
  });
  const launches = spans.map((span) => {
    const { gflops, gigabytesPerSecond } = ratesOf(span, span.endNs - span.startNs);
    const args = { "GFLOP/s": gflops, "GB/s": gigabytesPerSecond, bytes: span.bytes };
    return event(span.label, span.startNs, span.endNs, args);
  });
  const bars: TraceEvent[] = [];
  spans.forEach(({ recording, startNs, endNs }, i) => {
    if (recording !== spans[i - 1]?.recording) bars.push(event(recording, startNs, endNs));
    else bars[bars.length - 1].dur = endNs / 1000 - bars[bars.length - 1].ts;
  });
  return { displayTimeUnit: "ms", otherData: { iteration }, traceEvents: [...bars, ...launches] };
}

/**
 * A table of kernels, those that took the most time first: count, milliseconds, share of all kernels'
 * time, and speed by the operations it counts and the bytes of the tensors it binds.
 */
export function profileTable(spans: readonly Span[]): string {
  const all = spans.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
  const groups = [...Map.groupBy(spans, ({ label }) => label)].map(([label, each]) => {
    const sum = (of: (span: Span) => number) => each.reduce((total, span) => total + of(span), 0);
    const ns = sum(({ startNs, endNs }) => endNs - startNs);
    const work = { operations: sum((s) => s.operations), bytes: sum((s) => s.bytes) };
    return { label, count: each.length, ns, ...ratesOf(work, ns) };
  }).sort((a, b) => b.ns - a.ns);
  const rows = groups.map(({ label, count, ns, gflops, gigabytesPerSecond }) => [
    label,
    String(count),
    (ns / 1e6).toFixed(2),
    `${(100 * ns / all).toFixed(1)}%`,
    gflops === 0 ? "" : gflops.toPrecision(3),
    gigabytesPerSecond.toPrecision(3),
  ]);
  const total = ["all", String(spans.length), (all / 1e6).toFixed(2), "100.0%", "", ""];
  const table = [["kernel", "count", "ms", "share", "GFLOP/s", "GB/s"], ...rows, total];
  const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
  return table.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i] + 2)).join("")
      .trimEnd()
  ).join("\n");
}

/** Speeds of work that took some nanoseconds, in 10⁹ a second. */
function ratesOf({ operations, bytes }: Pick<Span, "operations" | "bytes">, ns: number) {
  const time = Math.max(1, ns);
  return { gflops: operations / time, gigabytesPerSecond: bytes / time };
}
