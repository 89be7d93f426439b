/**
 * Sixteen requests with sixteen adapters in one batch, beside the same requests of the base alone.
 * `deno task bench finetune`; for another size than `nano`'s:
 *
 *     NODEVICE_SELECT=1 deno run -A tests/model/generation/adapter_bank_bench.ts gpt2
 */
import { Device } from "../../../kernels/mod.ts";
import { Gpt, type Preset, PRESETS, Scheduler } from "../../../model/mod.ts";

const ADAPTERS = 16;
const ROUNDS = 5;
const preset = (Deno.args[0] ?? "nano") as Preset;
const SIZES = preset === "nano"
  ? { vocabularySize: 1024, context: 128 }
  : { vocabularySize: 50257 };
const TOKENS = preset === "nano" ? 48 : 12;

const folder = await Deno.makeTempDir();
try {
  using device = await Device.open();
  const shape = { ...PRESETS[preset], ...SIZES, dropout: 0, bias: true, tie: true };
  using base = Gpt.create(device, shape, { seed: 1 });
  await base.save(`${folder}/base`);
  const targets = ["c_attn"];
  await using alone = await Scheduler.create(base, { maxBatch: ADAPTERS });
  await using adapted = await Scheduler.create(base, {
    ...{ maxBatch: ADAPTERS, adapters: { count: ADAPTERS, rank: 8, targets } },
  });
  for (let i = 0; i < ADAPTERS; i++) {
    const lora = { rank: 8, alpha: 16, dropout: 0, targets };
    using model = await Gpt.load(device, `${folder}/base`, { lora, seed: i });
    await model.save(`${folder}/${i}`);
    await adapted.addAdapter(`${i}`, `${folder}/${i}`);
  }
  const seconds = async (scheduler: Scheduler, name: (i: number) => string | undefined) => {
    const begin = performance.now();
    const requests = Array.from({ length: ADAPTERS }, (_, i) => ({
      ...{ prompt: [i + 1, 2, 3, 4], maxTokens: TOKENS, sampling: { temperature: 0 } },
      adapter: name(i),
    }));
    await Promise.all(requests.map((request) => scheduler.submit(request).done));
    return (performance.now() - begin) / 1000;
  };
  const times: { alone: number[]; adapted: number[] } = { alone: [], adapted: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const [first, second] = [
      await seconds(alone, () => undefined),
      await seconds(adapted, (i) => `${i}`),
    ];
    // The first round compiles.
    if (round === 0) continue;
    times.alone.push(first);
    times.adapted.push(second);
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const perSecond = (values: number[]) => ADAPTERS * TOKENS / median(values);
  const ratio = perSecond(times.adapted) / perSecond(times.alone);
  console.log(
    `${preset}: base ${perSecond(times.alone).toFixed(0)} tokens/s, ${ADAPTERS} adapters ${
      perSecond(times.adapted).toFixed(0)
    } tokens/s: ${ratio.toFixed(2)}`,
  );
  console.log(
    JSON.stringify({
      bench: "adapters",
      model: preset,
      tokensPerSecond: perSecond(times.alone),
      ratio,
    }),
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}
