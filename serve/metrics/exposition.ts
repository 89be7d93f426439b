/** Values of a metric's labels by name. */
export type Labels = Readonly<Record<string, string | number>>;

/** A metric that can write itself down. */
interface Metric {
  lines(): Iterable<string>;
}

/**
 * Metrics in Prometheus' text format, version 0.0.4.
 *
 * It is our own since prom-client, the library for it, can't be embedded in a binary: Deno 2.9.6
 * overflows its stack over it.
 */
export class Exposition {
  readonly #metrics: Metric[] = [];

  /** The media type of {@linkcode Exposition.text}. */
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";

  /** Adds a number that only grows. */
  counter(name: string, help: string): Counter {
    return this.#add(new Counter(name, help, "counter"));
  }

  /** Adds a number that is as it is now. */
  gauge(name: string, help: string): Counter {
    return this.#add(new Counter(name, help, "gauge"));
  }

  /**
   * Adds a distribution.
   *
   * @param bounds upper bounds of the buckets, ascending
   */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    return this.#add(new Histogram(name, help, bounds));
  }

  /** All metrics, in the order they were added. */
  text(): string {
    return this.#metrics.flatMap((metric) => [...metric.lines()]).join("\n") + "\n";
  }

  #add<M extends Metric>(metric: M): M {
    this.#metrics.push(metric);
    return metric;
  }
}

/** A number for each set of labels. */
export class Counter implements Metric {
  readonly #values = new Map<string, number>();

  /** Makes one that counts nothing yet. */
  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly type: "counter" | "gauge",
  ) {}

  /** Adds to the number. */
  add(value: number, labels: Labels = {}): void {
    const key = written(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + value);
  }

  /** Sets the number. */
  set(value: number, labels: Labels = {}): void {
    this.#values.set(written(labels), value);
  }

  *lines(): Generator<string> {
    yield* head(this.name, this.help, this.type);
    for (const [labels, value] of this.#values) yield sample(this.name, labels, value);
  }
}

/** How values are distributed, for each set of labels. */
export class Histogram implements Metric {
  readonly #series = new Map<string, { counts: number[]; sum: number }>();

  /** Makes one that has seen nothing yet. */
  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly bounds: readonly number[],
  ) {}

  /** Takes a value in. */
  observe(value: number, labels: Labels): void {
    const key = written(labels);
    let series = this.#series.get(key);
    if (!series) {
      series = { counts: new Array(this.bounds.length + 1).fill(0), sum: 0 };
      this.#series.set(key, series);
    }
    series.counts[this.#bucketOf(value)]++;
    series.sum += value;
  }

  /** Sets all that was seen: how often each value, and the sum of all. */
  set(values: Iterable<readonly [value: number, count: number]>, sum: number): void {
    const counts = new Array(this.bounds.length + 1).fill(0);
    for (const [value, count] of values) counts[this.#bucketOf(value)] += count;
    this.#series.set("", { counts, sum });
  }

  #bucketOf(value: number): number {
    const bucket = this.bounds.findIndex((bound) => value <= bound);
    return bucket < 0 ? this.bounds.length : bucket;
  }

  *lines(): Generator<string> {
    const { name, bounds } = this;
    yield* head(name, this.help, "histogram");
    for (const [labels, { counts, sum }] of this.#series) {
      let count = 0;
      for (const [i, each] of counts.entries()) {
        const bound = i < bounds.length ? bounds[i] : "+Inf";
        const le = `le="${bound}"`;
        yield sample(`${name}_bucket`, labels === "" ? le : `${labels},${le}`, count += each);
      }
      yield sample(`${name}_sum`, labels, sum);
      yield sample(`${name}_count`, labels, count);
    }
  }
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function sample(name: string, labels: string, value: number): string {
  return labels === "" ? `${name} ${value}` : `${name}{${labels}} ${value}`;
}

/** Labels as the format has them, without braces. */
function written(labels: Labels): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(",");
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
