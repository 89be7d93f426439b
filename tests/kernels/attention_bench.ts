/**
 * What attention within documents costs: a step's forward and backward pass over rows of 1,024 tokens
 * that hold one document or many, beside attention that knows of none.
 *
 *     deno run -A tests/kernels/attention_bench.ts
 */
import { attentionBackward, attentionForward, Device } from "../../kernels/mod.ts";

const ROUNDS = 5;
const [B, T, heads, C] = [4, 1024, 4, 128];

using device = await Device.open();
using stack = new DisposableStack();
const tensor = (label: string, ...shape: number[]) => stack.use(device.tensor(label, shape));
const forward = {
  qkv: tensor("qkv", B, T, 3 * C),
  y: tensor("y", B, T, C),
  lse: tensor("lse", B, heads, T),
};
const backward = {
  ...{ dy: tensor("dy", B, T, C), dqkv: tensor("dqkv", B, T, 3 * C) },
  delta: tensor("delta", B, heads, T),
};
const starts = stack.use(device.tensor("starts", [B, T], "u32"));
for (const x of [forward.qkv, backward.dy]) {
  x.write(Float32Array.from({ length: x.size }, (_, i) => Math.sin(i)));
}

const record = (bounds: { starts?: typeof starts }) =>
  device.record("attention", (pass) => {
    attentionForward(pass, { ...forward, ...bounds }, { heads });
    attentionBackward(pass, { ...forward, ...backward, ...bounds }, { heads });
  });
const [plain, masked] = [stack.use(await record({})), stack.use(await record({ starts }))];
const cases = [
  { name: "without a mask", recording: plain, length: T },
  ...[1, 4, 16, 64].map((count) => ({
    name: `${count} documents a row`,
    recording: masked,
    length: T / count,
  })),
];
const milliseconds = cases.map((): number[] => []);
for (let round = 0; round <= ROUNDS; round++) {
  for (const [i, { recording, length }] of cases.entries()) {
    const begins = (_: unknown, at: number) => Math.floor(at % T / length) * length;
    starts.write(Uint32Array.from({ length: B * T }, begins));
    await forward.lse.read();
    const begin = performance.now();
    recording.run();
    await forward.lse.read();
    // The first round compiles.
    if (round > 0) milliseconds[i].push(performance.now() - begin);
  }
}
const medians = milliseconds.map((times) => times.sort((a, b) => a - b)[ROUNDS >> 1]);
cases.forEach(({ name }, i) =>
  console.log(
    `${name.padEnd(22)}${medians[i].toFixed(0).padStart(6)} ms${
      (medians[0] / medians[i]).toFixed(2).padStart(8)
    }×`,
  )
);
console.log(JSON.stringify(Object.fromEntries(cases.map(({ name }, i) => [name, medians[i]]))));
