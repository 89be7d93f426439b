import { assert, assertEquals } from "@std/assert";
import { Exposition } from "../../serve/metrics/mod.ts";

Deno.test("Exposition: counters, gauges and histograms in Prometheus' format", () => {
  const all = new Exposition();
  const counter = all.counter("q:c_total", "A counter.");
  counter.add(1, { a: "x", b: 2 });
  counter.add(2, { a: "x", b: 2 });
  counter.add(1, { a: 'a"b\\c\nd' });
  all.gauge("q:g", "A gauge.").set(0.5);
  const histogram = all.histogram("q:h", "A histogram.", [1, 2.5]);
  for (const value of [0.5, 1, 2, 100]) histogram.observe(value, { m: "y" });
  all.histogram("q:s", "One that is set.", [1, 4]).set([[1, 3], [4, 2], [8, 1]], 19);
  assertEquals(all.text().split("\n"), [
    "# HELP q:c_total A counter.",
    "# TYPE q:c_total counter",
    'q:c_total{a="x",b="2"} 3',
    'q:c_total{a="a\\"b\\\\c\\nd"} 1',
    "# HELP q:g A gauge.",
    "# TYPE q:g gauge",
    "q:g 0.5",
    "# HELP q:h A histogram.",
    "# TYPE q:h histogram",
    'q:h_bucket{m="y",le="1"} 2',
    'q:h_bucket{m="y",le="2.5"} 3',
    'q:h_bucket{m="y",le="+Inf"} 4',
    'q:h_sum{m="y"} 103.5',
    'q:h_count{m="y"} 4',
    "# HELP q:s One that is set.",
    "# TYPE q:s histogram",
    'q:s_bucket{le="1"} 3',
    'q:s_bucket{le="4"} 5',
    'q:s_bucket{le="+Inf"} 6',
    "q:s_sum 19",
    "q:s_count 6",
    "",
  ]);
  assert(all.contentType.startsWith("text/plain; version=0.0.4"));
});
