/**
 * Generation: tokens a second of `nano` alone and among 32, and with the shape of `gpt2` what the host takes
 * of a step, the time to a first token with and without cached blocks, and the gaps between tokens while a
 * long prompt is read. The last line is JSON. A name as argument runs that part alone, a number behind it
 * gives `gpt2` fewer layers, where the machine is slow.
 *
 *     NODEVICE_SELECT=1 deno run -A tests/model/generation_bench.ts [nano|host|prefix|gaps [LAYERS]]
 */
import process from "node:process";
import { Device } from "../../kernels/mod.ts";
import { type GenerationRequest, Gpt, PRESETS, Scheduler } from "../../model/mod.ts";

const ROUNDS = 7;
const GREEDY = { temperature: 0 };

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const quantile = (values: number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];
const ids = (seed: number, length: number, V: number) =>
  Array.from({ length }, (_, i) => (seed * 7919 + i * i * 31 + i * 7) % V);

/** Runs requests at once; milliseconds, processor milliseconds and tokens. */
async function run(scheduler: Scheduler, requests: GenerationRequest[]) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const ends = await Promise.all(requests.map((request) => scheduler.submit(request).done));
  const used = process.cpuUsage(cpu);
  return {
    ms: performance.now() - start,
    cpuMs: (used.user + used.system) / 1000,
    tokens: ends.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** Tokens a second of `nano`, greedy, one request after another or 32 at a time. */
async function nano(device: Device): Promise<Record<string, number>> {
  const config = { ...PRESETS.nano, vocabularySize: 65, dropout: 0, bias: false, tie: true };
  using model = Gpt.create(device, config, { seed: 1 });
  await using scheduler = await Scheduler.create(model);
  const request = (seed: number) => ({
    prompt: ids(seed, 1, 65),
    maxTokens: 62,
    sampling: GREEDY,
  });
  const found: Record<number, { perSecond: number[]; cpuPerToken: number[] }> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const count of [1, 32]) {
      const { perSecond, cpuPerToken } = found[count] ??= { perSecond: [], cpuPerToken: [] };
      const { ms, cpuMs, tokens } = await run(
        scheduler,
        Array.from({ length: count }, (_, i) => request(i)),
      );
      if (round === 0) continue; // compiles
      perSecond.push(1000 * tokens / ms);
      cpuPerToken.push(cpuMs / tokens);
    }
  }
  for (const count of [1, 32]) {
    const { perSecond, cpuPerToken } = found[count];
    const [low, high] = [Math.min(...perSecond), Math.max(...perSecond)];
    console.log(
      `nano, ${count} at a time: ${median(perSecond).toFixed(0)} tokens/s ` +
        `(${low.toFixed(0)}–${high.toFixed(0)}), ${
          median(cpuPerToken).toFixed(2)
        } ms of processor each`,
    );
  }
  const [one, many] = [1, 32].map((count) => median(found[count].perSecond));
  return { nano1: one, nano32: many, nanoGain: many / one };
}

function gpt2(device: Device, layers: number): Gpt {
  const shape = { ...PRESETS.gpt2, layers, vocabularySize: 50257 };
  const config = { ...shape, dropout: 0, bias: true, tie: true };
  return Gpt.create(device, config, { seed: 1 });
}

/** The host's share of decoding steps. */
async function host(model: Gpt): Promise<Record<string, number>> {
  await using scheduler = await Scheduler.create(model, { cacheMemoryBytes: 2 ** 28 });
  const requests = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      prompt: ids(i, 8, 50257),
      maxTokens: 12,
      sampling: { topP: 0.9, seed: i },
      logprobs: 5,
    }));
  const shares: Record<string, number> = {};
  for (const count of [1, 8]) {
    await run(scheduler, requests(count));
    const before = scheduler.stats();
    await run(scheduler, requests(count));
    const after = scheduler.stats();
    const [gpuMs, hostMs] = [after.gpuMs - before.gpuMs, after.hostMs - before.hostMs];
    const steps = after.steps - before.steps;
    shares[`host${count}`] = hostMs / (gpuMs + hostMs);
    console.log(
      `gpt2, ${count} at a time: the host takes ${
        (100 * shares[`host${count}`]).toFixed(1)
      }% of a step ` +
        `(${(hostMs / steps).toFixed(2)} of ${((gpuMs + hostMs) / steps).toFixed(0)} ms)`,
    );
  }
  return shares;
}

/** Time to a first token of a prompt of 1,000 tokens, of which 900 are cached, against none. */
async function prefix(model: Gpt): Promise<Record<string, number>> {
  await using scheduler = await Scheduler.create(model, { cacheMemoryBytes: 2 ** 29 });
  const first = async (prompt: number[]) => {
    const start = performance.now();
    let ms = 0;
    const request = { prompt, maxTokens: 1, sampling: GREEDY };
    await scheduler.submit(request, (event) => {
      if (event.type === "tokens") ms = performance.now() - start;
    }).done;
    return ms;
  };
  await first(ids(0, 300, 50257)); // compiles
  const ratios: number[] = [];
  for (let round = 1; round <= 3; round++) {
    const prompt = ids(round, 1000, 50257);
    const cold = await first(prompt);
    const cached = await first([...prompt.slice(0, 900), ...ids(99 + round, 100, 50257)]);
    ratios.push(cached / cold);
    console.log(
      `gpt2, 1,000 tokens: first token after ${cold.toFixed(0)} ms cold, ${
        cached.toFixed(0)
      } ms with 900 shared`,
    );
  }
  console.log(`  ratio ${median(ratios).toFixed(3)}`);
  return { prefixRatio: median(ratios) };
}

/** Gaps between the events of answers while a prompt as long as the context is read. */
async function gaps(model: Gpt): Promise<Record<string, number>> {
  await using scheduler = await Scheduler.create(model, { cacheMemoryBytes: 2 ** 29 });
  const answering = 4;
  const measure = async (tokens: number, prompts: number[][]) => {
    const found: number[] = [];
    const handles = Array.from({ length: answering }, (_, i) => {
      let last = 0;
      return scheduler.submit(
        { prompt: ids(i, 8, 50257), maxTokens: tokens, sampling: GREEDY },
        ({ type }) => {
          if (type !== "tokens") return;
          const now = performance.now();
          if (last > 0) found.push(now - last);
          last = now;
        },
      );
    });
    const readers = prompts.map((prompt) => scheduler.submit({ prompt, maxTokens: 1 }).done);
    await Promise.all(readers);
    for (const handle of handles) handle.cancel();
    await Promise.all(handles.map(({ done }) => done));
    return found;
  };
  await measure(40, [ids(50, 200, 50257)]); // compiles, and learns how long steps take
  const alone: number[] = [];
  {
    let last = 0;
    await scheduler.submit({ prompt: ids(7, 8, 50257), maxTokens: 20 }, ({ type }) => {
      if (type !== "tokens") return;
      if (last > 0) alone.push(performance.now() - last);
      last = performance.now();
    }).done;
  }
  const found = await measure(1000, [ids(60, 1023, 50257)]);
  // The median of an undisturbed server: half of the time without the prompt.
  const quiet = await measure(30, [ids(61, 8, 50257)]);
  const middle = median(found);
  const p99 = quantile(found, 0.99);
  console.log(
    `gpt2, ${answering} answers while 1,023 tokens are read: gaps of ${
      middle.toFixed(0)
    } ms median, ` +
      `${p99.toFixed(0)} p99 of ${found.length}; undisturbed ${median(quiet).toFixed(0)} and ${
        median(alone).toFixed(0)
      } alone`,
  );
  return { gapMedian: middle, gapP99: p99, gapRatio: p99 / middle };
}

const only = Deno.args[0];
const wants = (part: string) => only === undefined || only === part;
using device = await Device.open();
console.log(`on ${device.adapter.info.description}, medians of ${ROUNDS} rounds`);
const results: Record<string, number> = {};
if (wants("nano")) Object.assign(results, await nano(device));
if (["host", "prefix", "gaps"].some(wants)) {
  using model = gpt2(device, Number(Deno.args[1] ?? PRESETS.gpt2.layers));
  if (wants("host")) Object.assign(results, await host(model));
  if (wants("prefix")) Object.assign(results, await prefix(model));
  if (wants("gaps")) Object.assign(results, await gaps(model));
}
console.log(JSON.stringify({ bench: "generation", ...results }));
