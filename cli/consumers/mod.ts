/** What the command line does with the events of a trainer. */
export type { EventConsumer } from "./consumer.ts";
export { LogFile } from "./log.ts";
export { type LossCurves, lossSvg } from "./loss_svg.ts";
export { MetricsFile } from "./metrics.ts";
export { PlotFile } from "./plot.ts";
export { ProfileFile, profileTable, traceOf } from "./profile.ts";
export { SamplesFile } from "./samples.ts";
