/**
 * What the loader takes of a `nano` training step: time to make its batches out of compressed
 * shards, shards and all, against the step itself on this machine's adapter, in one run.
 */
import { assertEquals } from "@std/assert";
import { shardBatches } from "../../data/loader/mod.ts";
import { packer } from "../../data/packing/mod.ts";
import { openShards, writeMds } from "../../data/shards/mod.ts";
import { Device } from "../../kernels/mod.ts";
import { Gpt, PRESETS } from "../../model/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../model/trainer/mod.ts";

const STEPS = 4;
const EPOCHS = 2;
const TOKENS = 1 << 24;
const { batchSize } = TRAIN_DEFAULTS;
const { context } = PRESETS.nano;
const VOCABULARY = 4096;

/** Tokens by Zipf's law. */
function makeTokens(): Uint16Array {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  return Uint16Array.from({ length: TOKENS }, () => Math.floor(VOCABULARY ** random()) - 1);
}

const folder = await Deno.makeTempDir();
try {
  const options = { context, vocabularySize: VOCABULARY, shardBytes: 1 << 22 };
  const rows = packer({ ...options, strategy: "concat" }).add({ tokens: makeTokens() });
  await ReadableStream.from(rows).pipeTo(writeMds(folder, options));
  const set = await openShards(folder);
  const open = (prefetch: number) =>
    shardBatches([{ set, maxEpochs: EPOCHS }], { batchSize, seed: 1, prefetch }).readable;
  console.log(
    `${set.rows} rows of ${
      context + 1
    } tokens in ${set.shards.length} shards of zstd, batches of ` +
      `${batchSize}`,
  );

  let count = 0;
  let sum = 0;
  const began = performance.now();
  for await (const { tokens } of open(2)) {
    count++;
    sum += tokens[0];
  }
  const loaderMs = (performance.now() - began) / count;
  assertEquals(count, Math.floor(EPOCHS * set.rows / batchSize));
  let again = 0;
  for await (const { tokens } of open(0)) again += tokens[0];
  assertEquals(sum, again);

  using device = await Device.open();
  const config = { ...PRESETS.nano, vocabularySize: VOCABULARY, dropout: 0, bias: true, tie: true };
  using model = Gpt.create(device, config, { seed: 1 });
  using step = await TrainingStep.create(model, { ...TRAIN_DEFAULTS, context });
  const reader = open(2).getReader();
  let stepMs = Infinity;
  for (let i = 1; i <= STEPS; i++) {
    const { value } = await reader.read();
    const start = performance.now();
    step.run([value!], i, 1e-3);
    await step.read();
    stepMs = Math.min(stepMs, performance.now() - start);
  }
  await reader.cancel();
  console.log(`loader   ${loaderMs.toFixed(3)} ms a batch`);
  console.log(`step     ${stepMs.toFixed(1)} ms (best of ${STEPS})`);
  console.log(`share    ${(100 * loaderMs / stepMs).toFixed(2)}% (wanted: below 1%)`);
  const { description: adapter } = device.adapter.info;
  const share = loaderMs / stepMs;
  console.log(JSON.stringify({ bench: "loader", adapter, loaderMs, stepMs, share, wanted: 0.01 }));
} finally {
  await Deno.remove(folder, { recursive: true });
}
