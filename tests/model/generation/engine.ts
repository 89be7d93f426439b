import type { Device } from "../../../kernels/mod.ts";
import type {
  GenerationEndEvent,
  GenerationRequest,
  Gpt,
  PromptEvent,
  Scheduler,
  TokenLogprob,
} from "../../../model/mod.ts";
import { createActivations, gptForward, outputForward } from "../../../model/gpt/mod.ts";
import { random } from "../../kernels/contract.ts";
import { tinyModel } from "../tiny.ts";

/** Everything that was told of a request. */
export interface Answer {
  tokens: number[];
  text: string;
  /** The pieces that the text came in. */
  pieces: string[];
  logprobs: TokenLogprob[];
  prompt?: PromptEvent;
  end: GenerationEndEvent;
}

/** A request and all that is told of it. */
export async function ask(scheduler: Scheduler, request: GenerationRequest): Promise<Answer> {
  const answer: Omit<Answer, "end"> = { tokens: [], text: "", pieces: [], logprobs: [] };
  const { done } = scheduler.submit(request, (event) => {
    if (event.type === "prompt") answer.prompt = event;
    if (event.type !== "tokens") return;
    answer.tokens.push(...event.tokens);
    answer.text += event.text;
    answer.pieces.push(event.text);
    answer.logprobs.push(...event.logprobs ?? []);
  });
  return { ...answer, end: await done, text: answer.text, prompt: answer.prompt };
}

/** A model with room for longer sequences than its training would need, and logits that differ. */
export function model(device: Device, config: Parameters<typeof tinyModel>[1] = {}): Gpt {
  const made = tinyModel(device, { context: 64, ...config });
  // GPT-2's initial weights are so small that all logits are nearly equal.
  for (const [name, tensor] of made.parameters.tensors) {
    if (tensor.shape.length < 2) continue;
    const next = random(name.length + tensor.size);
    tensor.write(Float32Array.from({ length: tensor.size }, () => 1.2 * (next() - 0.5)));
  }
  return made;
}

/** Tokens of a prompt, another one for each seed. */
export function prompt(seed: number, length: number, vocabularySize = 23): number[] {
  const next = random(seed + 1);
  return Array.from({ length }, () => Math.floor(next() * vocabularySize));
}

/** The logits of all positions by the plain forward pass that training uses, [T, V]. */
export async function plainLogits(model: Gpt, ids: readonly number[]): Promise<Float32Array[]> {
  const { device, config, weights } = model;
  const [T, V] = [ids.length, config.vocabularySize];
  using a = createActivations(device, config, { B: 1, T, training: false });
  using logits = device.tensor("logits", [T, V]);
  using forward = await device.record("forward", (pass) => {
    gptForward(pass, config, weights, a);
    outputForward(pass, weights.head, { x: a.norm.y, logits });
  });
  a.tokens.write(Uint32Array.from(ids));
  forward.run();
  const all = await logits.read() as Float32Array;
  return ids.map((_, t) => all.subarray(t * V, (t + 1) * V));
}

/** The likeliest token. */
export function likeliest(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}
