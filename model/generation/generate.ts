import { gatherRows, type Recording, type Tensor } from "../../kernels/mod.ts";
import {
  createActivations,
  type Gpt,
  gptForward,
  outputForward,
  uniformValues,
} from "../gpt/mod.ts";
import { assertSampling, sampleToken, type SamplingOptions } from "./sample.ts";

/** Options of {@linkcode generate}. */
export interface GenerateOptions extends Partial<SamplingOptions> {
  /** Number of tokens to write. @default 100 */
  tokens?: number;
  /** Seed of the random choices. @default 1 */
  seed?: number;
  /** Ends generation after the token under way. */
  signal?: AbortSignal;
}

/**
 * Continues a prompt, token by token; beyond its context the model sees the last tokens only.
 *
 * @param prompt token ids, at least one
 * @throws {RangeError} if the prompt is empty, holds an id outside the vocabulary, or an option is out
 * of its range
 * @example
 * ```ts
 * import { byteTokenizer, Device, generate, Gpt, PRESETS } from "@quern/quern";
 *
 * using device = await Device.open();
 * const config = { ...PRESETS.nano, layers: 1, vocabularySize: 256, dropout: 0, bias: true, tie: true };
 * using model = Gpt.create(device, config, { seed: 1 });
 * const tokenizer = byteTokenizer();
 * for await (const id of generate(model, tokenizer.encode("Hello"), { tokens: 3 })) console.log(id);
 * ```
 */
export async function* generate(
  model: Gpt,
  prompt: ArrayLike<number>,
  options: GenerateOptions = {},
): AsyncGenerator<number> {
  const { tokens = 100, seed = 1, signal } = options;
  const sampling = { temperature: 1, topK: 0, topP: 1, ...options };
  const { context, vocabularySize } = model.config;
  assertSampling(sampling);
  const ids = Array.from(prompt);
  if (ids.length === 0) {
    throw new RangeError("Cannot generate: the prompt must hold at least one token");
  }
  const outside = ids.find((id) => id >= vocabularySize);
  if (outside !== undefined) {
    throw new RangeError(
      `Cannot generate: token ${outside} is outside the model's vocabulary of ${vocabularySize}`,
    );
  }
  const uniform = uniformValues(seed);
  using windows = new Windows(model);
  for (let i = 0; i < tokens && !signal?.aborted; i++) {
    const logits = await windows.logitsAfter(ids.slice(-context));
    const id = sampleToken(logits, sampling, uniform());
    ids.push(id);
    yield id;
  }
}

/** Forward passes over windows of 16, 32, 64 … tokens, recorded when first needed. */
class Windows implements Disposable {
  #stack = new DisposableStack();
  #windows = new Map<number, Promise<Window>>();

  constructor(readonly model: Gpt) {}

  /** Logits of the token after `ids`. A causal model does not see the zeros that fill the window. */
  async logitsAfter(ids: number[]): Promise<Float32Array> {
    let T = 16;
    while (T < ids.length) T *= 2;
    T = Math.min(T, this.model.config.context);
    let window = this.#windows.get(T);
    if (!window) this.#windows.set(T, window = this.#record(T));
    const { tokens, row, logits, recording } = await window;
    const filled = new Uint32Array(T);
    filled.set(ids);
    tokens.write(filled);
    row.write(Uint32Array.of(ids.length - 1));
    recording.run();
    return await logits.read() as Float32Array;
  }

  async #record(T: number): Promise<Window> {
    const { device, config, weights } = this.model;
    const { channels: C, vocabularySize: V } = config;
    const a = this.#stack.use(createActivations(device, config, { B: 1, T, training: false }));
    const row = this.#stack.use(device.tensor("row", [1], "u32"));
    const last = this.#stack.use(device.tensor("last", [1, C]));
    const logits = this.#stack.use(device.tensor("logits", [1, V]));
    const recording = this.#stack.use(
      await device.record(`window of ${T}`, (pass) => {
        gptForward(pass, config, weights, a);
        gatherRows(pass, { x: a.norm.y, rows: row, y: last });
        outputForward(pass, weights.head, { x: last, logits });
      }),
    );
    return { tokens: a.tokens, row, logits, recording };
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

interface Window {
  tokens: Tensor;
  row: Tensor;
  logits: Tensor;
  recording: Recording;
}
