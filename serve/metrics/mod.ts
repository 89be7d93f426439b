/** What the server counts, in Prometheus' format. */
export { Counter, Exposition, Histogram, type Labels } from "./exposition.ts";
export { Metrics, type Phases } from "./metrics.ts";
