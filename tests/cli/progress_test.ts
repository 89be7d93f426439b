import { assertEquals } from "@std/assert";
import { ProgressLines } from "../../cli/progress.ts";
import type { TrainEvent } from "../../model/mod.ts";

const step = (iteration: number): TrainEvent => ({
  type: "step",
  iteration,
  loss: 4.25,
  learningRate: 1e-3,
  gradientNorm: 1,
  tokensPerSecond: 12345.6,
  dataWait: 0.004,
});

Deno.test("ProgressLines: a line every ten seconds and at evaluations, with the time left", () => {
  const lines: string[] = [];
  let nowMs = 0;
  using progress = new ProgressLines((line) => lines.push(line), () => nowMs);
  progress.consume({
    type: "start",
    iteration: 100,
    iterations: 600,
    parameters: 842_368,
    tokensPerIteration: 768,
  });
  for (let iteration = 101; iteration <= 140; iteration++) {
    nowMs += 500;
    progress.consume(step(iteration));
  }
  progress.consume({ type: "evaluation", iteration: 140, validationLoss: 4 });
  progress.consume({ type: "sample", iteration: 140, text: "To be" });
  const status = (iteration: number, left: string, validation = "") =>
    `iteration ${iteration}/600 · loss 4.2500${validation} · 12,346 tok/s · data wait 0.4% · lr 1.0e-3 · ${left} left`;
  assertEquals(lines, [
    "842,368 parameters, going on after iteration 100, 600 iterations in all",
    status(101, "4m 10s"),
    status(121, "4m"),
    status(140, "3m 50s", " · val 4.0000"),
    "--- sample ---\nTo be\n--------------",
  ]);
});
