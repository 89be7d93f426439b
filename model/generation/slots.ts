import type { GptConfig } from "../config.ts";
import type { BatchMemory } from "./batch_memory.ts";
import { hasPenalties, settingsWords } from "./sampling.ts";
import type { Sequence } from "./sequence.ts";

/** In a count of tokens: the prompt holds it. */
const IN_PROMPT = 2 ** 31;

/** Writes what the GPU has to know of a sequence that got a slot. */
export function writeSlot(
  memory: BatchMemory,
  slot: number,
  { request, ids }: Sequence,
  { channels: C, vocabularySize: V }: GptConfig,
): void {
  const { sampling, prompt, constraint, pools } = request;
  const settings = settingsWords(sampling, { masked: constraint !== undefined });
  memory.settings.view(slot * settings.length, [settings.length]).write(settings);
  if (hasPenalties(sampling)) {
    const counts = new Uint32Array(V);
    for (const id of ids.slice(prompt.length)) counts[id]++;
    for (const id of prompt) counts[id] |= IN_PROMPT;
    memory.counts.view(slot * V, [V]).write(counts);
  }
  if (sampling.logitBias.size > 0) {
    const bias = new Float32Array(V);
    for (const [id, value] of sampling.logitBias) bias[id] = value;
    memory.bias.view(slot * V, [V]).write(bias);
  }
  const { adapters } = memory;
  if (adapters) {
    const adapter = request.adapter ?? adapters.sizes.count;
    adapters.bySlot.view(slot, [1]).write(Uint32Array.of(adapter));
  }
  if (pools) memory.sums.view(slot * C, [C]).write(new Float32Array(C));
}
