import type { Gpt } from "../gpt/mod.ts";
import type { SamplingOptions } from "./request.ts";
import { assertSampling, SAMPLING_DEFAULTS } from "./sampling.ts";
import { Scheduler } from "./scheduler.ts";

/** Options of {@linkcode generate}. */
export interface GenerateOptions extends Partial<SamplingOptions> {
  /** Number of tokens to write. @default 100 */
  tokens?: number;
  /** Tokens that end the text and are no part of it, such as end-of-text. @default none */
  stopTokens?: readonly number[];
  /** Ends generation after the tokens under way. */
  signal?: AbortSignal;
}

/**
 * Continues a prompt, token by token, through a {@linkcode Scheduler} of its own. Where the model's context
 * is full, and where the prompt is longer, it reads the last half of a context again and goes on from there.
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
  const { tokens = 100, stopTokens = [], signal, ...given } = options;
  const sampling = { ...SAMPLING_DEFAULTS, ...given };
  const { context, vocabularySize } = model.config;
  assertSampling(sampling, vocabularySize);
  const ids = Array.from(prompt);
  let written = 0;
  await using scheduler = await Scheduler.create(model, { maxBatch: 1 });
  for (let turn = 0; written < tokens && !signal?.aborted; turn++) {
    // A window's random choices differ from those in the same places of the last one.
    const seed = turn === 0 ? sampling.seed : sampling.seed % 2 ** 32 + turn * 2 ** 32;
    const read = ids.length < context ? ids : ids.slice(-Math.ceil(context / 2));
    const news: number[] = [];
    let wake = Promise.withResolvers<void>();
    const handle = scheduler.submit(
      { prompt: read, maxTokens: tokens - written, sampling: { ...sampling, seed }, stopTokens },
      (event) => {
        if (event.type === "tokens") news.push(...event.tokens);
        wake.resolve();
      },
    );
    let over = false;
    const ended = handle.done.finally(() => {
      over = true;
      wake.resolve();
    });
    const cancel = () => handle.cancel();
    signal?.addEventListener("abort", cancel);
    try {
      while (!over || news.length > 0) {
        if (news.length === 0) {
          await wake.promise;
          wake = Promise.withResolvers();
        }
        for (const id of news.splice(0)) {
          ids.push(id);
          written++;
          yield id;
          if (signal?.aborted) return;
        }
      }
      if ((await ended).reason !== "length") return;
    } finally {
      signal?.removeEventListener("abort", cancel);
      cancel();
    }
  }
}
