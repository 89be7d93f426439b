import type { Report, Spread } from "./report.ts";

/** The report as a table. */
export function describeReport(report: Report & { url: string; model: string }): string {
  const failed = Object.entries(report.failed).map(([why, count]) => `${count} ${why}`);
  const rows: [string, string][] = [
    ["server", `${report.url}, model ${report.model}`],
    ["requests", [`${report.answered} answered`, ...failed].join(", ")],
    ["under way at once", `up to ${report.mostUnderWay}`],
    ["time", `${report.seconds.toFixed(2)} s`],
    ["requests a second", report.requestsPerSecond.toFixed(2)],
    ...report.goodputRequestsPerSecond === null ? [] : [
      ["good requests a second", report.goodputRequestsPerSecond.toFixed(2)],
    ] as [string, string][],
    ["output tokens a second", report.outputTokensPerSecond.toFixed(1)],
    ["all tokens a second", report.totalTokensPerSecond.toFixed(1)],
    ["tokens of a prompt", whole(report.promptTokens)],
    ["tokens of an answer", whole(report.outputTokens)],
  ];
  const spreads: [string, Spread][] = [
    ["to the first token", report.firstTokenMs],
    ["between tokens", report.interTokenMs],
    ["per further token", report.perTokenMs],
    ["whole answer", report.latencyMs],
  ];
  const cells = (values: string[]) => values.map((value) => value.padStart(10)).join("");
  return [
    ...rows.map(([name, value]) => name.padEnd(24) + value),
    "",
    "milliseconds".padEnd(24) + cells(["mean", "p50", "p95", "p99"]),
    ...spreads.map(([name, { mean, p50, p95, p99 }]) =>
      name.padEnd(24) + cells([mean, p50, p95, p99].map(milliseconds))
    ),
  ].join("\n");
}

function whole(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(1);
}

function milliseconds(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(value < 10 ? 2 : 1);
}
