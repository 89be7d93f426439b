import type { Timing } from "./contender.ts";
import type { KernelFault, KernelResult } from "./kernels.ts";
import type { DecodingResult, TrainingResult } from "./steps.ts";

const WIDTHS = [36, 10, 17, 8, 10, 10, 9];

const row = (cells: string[]) =>
  cells.map((cell, i) => i === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[i])).join("");

/** Names of the columns of {@linkcode kernelRow}. */
export const KERNEL_HEADING: string =
  row(["op", "ms", "spread", "rounds", "GFLOP/s", "GB/s", "of peak"]) +
  "  others, and how many times as long";

/** An op as a line of the table. */
export function kernelRow(result: KernelResult | KernelFault): string {
  if ("fault" in result) {
    return `${result.model} ${result.work} is wrong, so not timed: ${result.fault}`;
  }
  const { model, work, gflops, gigabytesPerSecond, peakShare, medianMs } = result;
  return row([
    `${model} ${work}`,
    digits(medianMs),
    spread(result),
    `${result.rounds}`,
    gflops === 0 ? "" : gflops.toFixed(1),
    gigabytesPerSecond.toFixed(2),
    `${(100 * peakShare).toFixed(0)}%`,
  ]) + describeOthers(result) + describeFaults(result);
}

function describeFaults({ faults }: KernelResult): string {
  return Object.entries(faults)
    .map(([name, fault]) => `  ${name.split(" ")[0]} is wrong, so not timed: ${fault}`)
    .join("");
}

/** A training step in lines. */
export function describeTraining(result: TrainingResult): string {
  const { model, tokensPerSecond, dispatches, gpuBusy, matmulShare, medianMs } = result;
  const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
  const cpu = Object.entries(result.others)
    .map(([name, { cpuMs }]) =>
      `${name.split(" ")[0]} ${digits(cpuMs)} (${(cpuMs / result.cpuMs).toFixed(2)})`
    );
  return [
    `${model} training step: ${digits(medianMs)} ms (${spread(result)}), ` +
    `${tokensPerSecond.toFixed(0)} tokens/s, ${dispatches} dispatches${describeOthers(result)}`,
    `  of the processor's cores: ${[`${digits(result.cpuMs)} ms`, ...cpu].join("  ")}`,
    ...(gpuBusy === undefined ? [] : [
      `  the GPU works ${percent(gpuBusy)} of the time; products are ${
        percent(matmulShare!)
      } of its work`,
    ]),
  ].join("\n");
}

/** Decoding in a line. */
export function describeDecoding(result: DecodingResult): string {
  const { model, sequences, tokensPerSecond, lowTokensPerSecond, highTokensPerSecond } = result;
  return `${model} decoding, ${sequences} at a time: ${tokensPerSecond.toFixed(0)} tokens/s ` +
    `(${lowTokensPerSecond.toFixed(0)}–${highTokensPerSecond.toFixed(0)})`;
}

function describeOthers({ others, medianMs }: Timing & { others: Record<string, Timing> }): string {
  return Object.entries(others)
    .map(([name, other]) =>
      `  ${name.split(" ")[0]} ${digits(other.medianMs)} (${
        (other.medianMs / medianMs).toFixed(2)
      })`
    )
    .join("");
}

const spread = ({ lowMs, highMs }: Timing) => `${digits(lowMs)}–${digits(highMs)}`;

const digits = (ms: number) => ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3);
