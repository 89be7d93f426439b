/**
 * Training steps of nanoGPT's CPU recipe, here and in PyTorch on the same cores, in turn:
 * `deno task bench`. The last line is JSON.
 *
 * PyTorch's part needs `python3-torch` and an optimised BLAS (Debian: `libopenblas0-openmp`); it is
 * left out where there is none.
 */
import { batches } from "../../data/mod.ts";
import { Device } from "../../kernels/mod.ts";
import { Gpt, PRESETS } from "../../model/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../model/trainer/mod.ts";

const ROUNDS = 5;
const STEPS = 10;

using device = await Device.open();
const config = { ...PRESETS.nano, vocabularySize: 65, dropout: 0, bias: false, tie: true };
using model = Gpt.create(device, config, { seed: 1337 });
using step = await TrainingStep.create(model, TRAIN_DEFAULTS);
const tokens = Uint16Array.from({ length: 100_000 }, (_, i) => (i * i * 31 + i * 7) % 65);
const { batchSize } = TRAIN_DEFAULTS;
const reader = batches(tokens, { batchSize, context: config.context, order: "shuffled", seed: 1 })
  .getReader();

let iteration = 0;
async function quern(): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < STEPS; i++) step.run([(await reader.read()).value!], ++iteration, 1e-3);
  await step.read();
  return (performance.now() - start) / STEPS;
}

await using torch = await openTorch();
await quern();
await torch?.run();
const times: { quern: number[]; torch: number[] } = { quern: [], torch: [] };
for (let round = 0; round < ROUNDS; round++) {
  times.quern.push(await quern());
  if (torch) times.torch.push(await torch.run());
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const spread = (values: number[]) =>
  `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;
const adapter = device.adapter.info.description;
const stepMs = median(times.quern);
console.log(
  `nano training step, batch 12 × 64, on ${adapter}, medians of ${ROUNDS} rounds of ${STEPS}`,
);
console.log(`  Quern    ${stepMs.toFixed(0)} ms (${spread(times.quern)})`);
const torchMs = torch ? median(times.torch) : undefined;
if (torch && torchMs) {
  console.log(`  ${torch.version}  ${torchMs.toFixed(0)} ms (${spread(times.torch)})`);
  console.log(`  ratio    ${(torchMs / stepMs).toFixed(3)} of PyTorch's throughput`);
} else console.log("  PyTorch is not installed (python3-torch): no ratio");
console.log(
  JSON.stringify({
    bench: "train nano",
    adapter,
    dispatches: step.dispatches,
    stepMs,
    ...(torchMs ? { torchMs, ratio: torchMs / stepMs } : {}),
  }),
);

/** PyTorch in a process of its own that waits between rounds without spinning. */
async function openTorch() {
  const script = new URL("trainer_bench.py", import.meta.url).pathname;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("/usr/bin/python3", {
      args: [script],
      env: { OMP_WAIT_POLICY: "PASSIVE", OMP_NUM_THREADS: String(navigator.hardwareConcurrency) },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch {
    return undefined;
  }
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  const ready = await lines.read();
  if (ready.done) return undefined;
  return {
    version: `PyTorch ${ready.value.trim().split(" ")[1]}`,
    async run(): Promise<number> {
      await writer.write(new TextEncoder().encode(`${STEPS}\n`));
      return Number((await lines.read()).value) / STEPS;
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
}
