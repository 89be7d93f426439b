import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { LogFile, MetricsFile, PlotFile, SamplesFile } from "../../cli/consumers/mod.ts";
import type { TrainEvent } from "../../model/mod.ts";

const EVENTS: TrainEvent[] = [
  { type: "start", iteration: 0, iterations: 2, parameters: 9, tokensPerIteration: 4 },
  {
    type: "step",
    iteration: 1,
    loss: 4.1588830947875977,
    learningRate: 1e-3,
    gradientNorm: 0.5,
    tokensPerSecond: 100.25,
    dataWait: 0.01,
  },
  { type: "evaluation", iteration: 1, validationLoss: 4.25 },
  { type: "sample", iteration: 1, text: "let x = `y`;\n```ts\n```" },
  { type: "checkpoint", iteration: 1, folder: "runs/x/checkpoints/step-000001" },
  { type: "end", iteration: 1, interrupted: true },
];

async function withFile(work: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    work(`${folder}/file`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("MetricsFile: a line an iteration and an evaluation, at full precision", () =>
  withFile((path) => {
    using metrics = new MetricsFile(path);
    for (const event of EVENTS) metrics.consume(event);
    assertEquals(Deno.readTextFileSync(path).split("\n"), [
      '{"iteration":1,"loss":4.158883094787598,"learningRate":0.001,"gradientNorm":0.5,"tokensPerSecond":100.25,"dataWait":0.01}',
      '{"iteration":1,"validationLoss":4.25}',
      "",
    ]);
  }));

Deno.test("MetricsFile: goes on after the last whole line of a killed run", () =>
  withFile((path) => {
    Deno.writeTextFileSync(path, '{"iteration":1}\n{"iteration":2,"lo');
    using metrics = new MetricsFile(path);
    metrics.consume({ type: "evaluation", iteration: 2, validationLoss: 3 });
    const lines = Deno.readTextFileSync(path);
    assertEquals(lines, '{"iteration":1}\n{"iteration":2,"validationLoss":3}\n');
  }));

Deno.test("MetricsFile: a place that cannot be written is named", () => {
  assertThrows(() => new MetricsFile("/nowhere/file"), Error, "Cannot write /nowhere/file");
});

Deno.test("SamplesFile: a heading and a fence that the text cannot close", () =>
  withFile((path) => {
    using samples = new SamplesFile(path);
    for (const event of EVENTS) samples.consume(event);
    assertEquals(
      Deno.readTextFileSync(path),
      "## Iteration 1\n\n````text\nlet x = `y`;\n```ts\n```\n````\n\n",
    );
  }));

Deno.test("LogFile: what happened and when, a line each", () =>
  withFile((path) => {
    using log = new LogFile(path, () => new Date(0));
    for (const event of EVENTS) log.consume(event);
    log.note("two\nlines");
    const lines = Deno.readTextFileSync(path).trimEnd().split("\n");
    assertEquals(lines.every((line) => line.startsWith("1970-01-01T00:00:00.000Z ")), true);
    assertEquals(lines.map((line) => line.slice(25)), [
      "training from iteration 0 to 2: 9 parameters, 4 tokens an iteration",
      "iteration 1: validation loss 4.25",
      "iteration 1: sample of 22 characters",
      "iteration 1: checkpoint runs/x/checkpoints/step-000001",
      "interrupted at iteration 1",
      "two lines",
    ]);
  }));

Deno.test("PlotFile: drawn at an evaluation, replaced as a whole", () =>
  withFile((path) => {
    using plot = new PlotFile(path, `${path}.jsonl`);
    plot.consume(EVENTS[1]);
    assertThrows(() => Deno.readTextFileSync(path), Deno.errors.NotFound);
    plot.consume(EVENTS[2]);
    assertStringIncludes(Deno.readTextFileSync(path), 'class="curve validation"');
    assertThrows(() => Deno.statSync(`${path}.partial`), Deno.errors.NotFound);
  }));

Deno.test("PlotFile: after a resume the earlier losses are there, later lines counting", () =>
  withFile((path) => {
    const lines = [
      { iteration: 1, loss: 9 },
      { iteration: 2, loss: 9 },
      { iteration: 2, validationLoss: 9 },
      { iteration: 2, loss: 3 },
      { iteration: 2, validationLoss: 2 },
    ];
    const text = lines.map((line) => JSON.stringify(line)).join("\n") + '\n{"iteration":3,"lo';
    Deno.writeTextFileSync(`${path}.jsonl`, text);
    using plot = new PlotFile(path, `${path}.jsonl`);
    plot.consume({ ...EVENTS[1], iteration: 1, loss: 4 } as TrainEvent);
    plot.consume({ type: "end", iteration: 2, interrupted: false });
    // From 2 to 4: the 9s are gone.
    const ticks = [...Deno.readTextFileSync(path).matchAll(/text-anchor="end">([^<]+)</g)];
    assertEquals([ticks[0][1], ticks.at(-1)![1]], ["2.0", "4.0"]);
  }));
