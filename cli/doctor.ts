/** `quern doctor`: what the GPU is, how fast it is, and what to do about each thing amiss. */
import { Device, matmul, type MatmulTensors, Pass } from "../kernels/mod.ts";
import { type Preset, PRESETS, TRAIN_DEFAULTS } from "../model/mod.ts";
import { type AdapterFacts, adviceFor, inferBackend, isSoftware } from "./doctor_advice.ts";
import { describeVerification, knownFaults, type Verified, verify } from "./doctor_verify.ts";
import { type GpuSpeed, measureSpeed } from "./gpu_speed.ts";
import {
  describePlan,
  GPU_MEMORY_OPTION,
  type MemoryPlan,
  planMemory,
  PRECISION_OPTION,
} from "./memory_plan.ts";
import { defineOptions, JSON_OPTION, type OptionValues, parseOptions } from "./options.ts";
import { readMachine, remedyFor } from "./setup.ts";

/** Options of `quern doctor`. */
export const DOCTOR_OPTIONS = defineOptions({
  model: {
    type: "string",
    unit: "PRESET",
    choices: Object.keys(PRESETS) as Preset[],
    help: "Tells what training a model of this size takes of the GPU's memory instead.",
  },
  batchSize: {
    type: "integer",
    unit: "rows",
    min: 1,
    default: TRAIN_DEFAULTS.batchSize,
    help: "Size of its batches.",
  },
  context: {
    type: "integer",
    unit: "tokens",
    min: 1,
    defaultHelp: "the model's",
    help: "Its longest sequence.",
  },
  vocabularySize: { type: "integer", min: 1, default: 50257, help: "Its number of tokens." },
  recompute: { type: "boolean", help: "As in quern train." },
  ...PRECISION_OPTION,
  ...GPU_MEMORY_OPTION,
  verify: {
    type: "boolean",
    help:
      "Check every op and ten training steps on this adapter instead, against references and PyTorch.",
  },
  ...JSON_OPTION,
});

/** The limits that decide which models fit. */
const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

interface Report extends AdapterFacts, GpuSpeed {
  deno: string;
  adapter: string;
  vendor: string;
  /** WebGPU does not tell the backend; this is inferred from the features. */
  inferredBackend: string;
  /** The variant of each matrix product of a linear layer of `nano`. */
  kernels: Record<string, string>;
  advice: string[];
}

/**
 * Runs `quern doctor`.
 *
 * @returns the exit code: 0, or 1 where there is no adapter or it does not compute what it should
 * @throws {GpuError} if the adapter is there but does not work
 */
export async function doctor(args: string[]): Promise<number> {
  const options = parseOptions(DOCTOR_OPTIONS, args);
  const { json } = options;
  if (!await navigator.gpu?.requestAdapter()) {
    const advice = await adviceWithoutAdapter();
    if (json) console.log(JSON.stringify({ deno: Deno.version.deno, adapter: null, advice }));
    else console.log(`Deno      ${Deno.version.deno}\nadapter   none\n\n${bullets(advice)}`);
    return 1;
  }
  using device = await Device.open();
  if (options.model) {
    const plan = await planModel(device, { ...options, model: options.model });
    console.log(json ? JSON.stringify(plan) : describePlan(options.model, plan));
    return 0;
  }
  if (options.verify) return await verifyAdapter(device, json);
  const report = await examine(device);
  console.log(json ? JSON.stringify(report) : describe(report));
  return 0;
}

async function planModel(
  device: Device,
  options: OptionValues<typeof DOCTOR_OPTIONS> & { model: Preset },
): Promise<MemoryPlan> {
  const { vocabularySize, ...training } = options;
  const preset = PRESETS[options.model];
  const context = options.context ?? preset.context;
  const shape = { ...preset, context, vocabularySize, dropout: 0, bias: true, tie: true };
  return await planMemory(device, shape, training);
}

async function adviceWithoutAdapter(): Promise<string[]> {
  const remedy = remedyFor(await readMachine());
  if ("advice" in remedy) return [`WebGPU found no adapter. ${remedy.advice}`];
  return ["WebGPU found no adapter. Run `deno task setup`, which installs a driver."];
}

/** Tells what differs, and where it got to while it works. */
async function verifyAdapter(device: Device, json: boolean): Promise<number> {
  const found: Verified[] = [];
  for await (const each of verify(device)) {
    found.push(each);
    if (each.fault) {
      console.error(`differs: ${each.what}${each.variant ? ` (${each.variant})` : ""}`);
    } else if (found.length % 50 === 0) console.error(`${found.length} checks`);
  }
  const facts = factsOf(device);
  const { description } = device.adapter.info;
  if (json) {
    const known = knownFaults(facts).map(({ issue, what }) => ({ issue, what }));
    console.log(JSON.stringify({ deno: Deno.version.deno, adapter: description, found, known }));
  } else {
    console.log(
      `Deno ${Deno.version.deno}, ${description}: ${describeVerification(found, facts)}`,
    );
  }
  return found.some(({ fault }) => fault) ? 1 : 0;
}

function factsOf({ adapter: { info, features, limits } }: Device): AdapterFacts {
  return {
    os: Deno.build.os,
    software: isSoftware(info),
    features: [...features].sort(),
    limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
    subgroupSizes: [info.subgroupMinSize, info.subgroupMaxSize],
  };
}

async function examine(device: Device): Promise<Report> {
  const { info } = device.adapter;
  const facts = factsOf(device);
  const speed = await measureSpeed(device);
  return {
    deno: Deno.version.deno,
    adapter: info.description || info.device || "unnamed",
    vendor: info.vendor,
    inferredBackend: inferBackend(facts),
    ...facts,
    kernels: pickedKernels(device),
    ...speed,
    advice: adviceFor(facts),
  };
}

/** Writes the products of a linear layer down, without running them, to see what is picked. */
function pickedKernels(device: Device): Record<string, string> {
  const [rows, channels, hidden] = [768, 128, 512];
  using x = device.tensor("x", [rows, channels]);
  using weight = device.tensor("weight", [channels, hidden]);
  using y = device.tensor("y", [rows, hidden]);
  const pass = new Pass(device);
  const products: [string, MatmulTensors, "NN" | "NT" | "TN"][] = [
    ["linear forward", { a: x, b: weight, y }, "NN"],
    ["linear backward, input", { a: y, b: weight, y: x }, "NT"],
    ["linear backward, weight", { a: x, b: y, y: weight }, "TN"],
  ];
  for (const [, tensors, layout] of products) matmul(pass, tensors, { layout });
  return Object.fromEntries(
    products.map(([name], i) => [name, pass.launches[i].shader.label]),
  );
}

function describe(report: Report): string {
  const rows: [string, string][] = [
    ["Deno", report.deno],
    ["adapter", `${report.adapter}${report.software ? " (software: runs on the CPU)" : ""}`],
    ["backend", `${report.inferredBackend} (inferred from features; WebGPU does not tell)`],
    ["features", report.features.join(", ")],
    ...Object.entries(report.limits).map(([name, value]): [string, string] => [
      name,
      value.toLocaleString("en"),
    ]),
    ...Object.entries(report.kernels),
    ["multiply-adds", `${report.fmaGflops.toPrecision(3)} GFLOP/s in registers`],
    ["matmul 512×512", `${report.matmulGflops.toPrecision(3)} GFLOP/s`],
    ["copy bandwidth", `${report.copyGigabytesPerSecond.toPrecision(3)} GB/s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, value]) => name.padEnd(width) + value).join("\n");
  return `${lines}\n\n${report.advice.length > 0 ? bullets(report.advice) : "All is well."}`;
}

function bullets(lines: string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
