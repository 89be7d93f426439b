import type { Step } from "../../data/mod.ts";
import { testStep } from "./contract.ts";

const short: Step = {
  name: "short",
  apply: (d) => d.text.length < 2 ? { drop: "too short" } : { ...d, text: d.text.trim() },
};

testStep("stage", () => short, [
  { text: "é ", becomes: "é" },
  { text: "é", drop: "too short" },
  { text: "cc" },
  { text: "x", drop: "too short" },
]);
