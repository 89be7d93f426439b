import type { GptConfig } from "../config.ts";
import type { Passes, PassOptions } from "../network.ts";
import { createActivationGradients, createActivations } from "./activations.ts";
import { gptBackward } from "./backward.ts";
import type { Dropout } from "./dropout.ts";
import { gptForward } from "./forward.ts";
import type { Gpt } from "./gpt.ts";
import { createHead, headForward, headForwardBackward } from "./head.ts";
import { createLora } from "./lora.ts";
import { gradientTree, mixedTree } from "./parameters.ts";
import type { TensorMaker } from "./shared_tensors.ts";

/** Allocates the passes of a GPT over batches of a shape. */
export function gptPasses(
  { config, weights, parameters }: Gpt,
  tensors: TensorMaker,
  options: PassOptions,
): Passes {
  const { matrices } = options;
  if (matrices && config.lora) {
    throw new RangeError("Cannot train adapters in f16: they are few; use --precision f32");
  }
  const mixed = matrices ? mixedTree(parameters, matrices, config) : weights;
  const stack = new DisposableStack();
  const a = stack.use(createActivations(tensors, config, options));
  const head = stack.use(createHead(tensors, config, options));
  const d = options.training
    ? stack.use(createActivationGradients(tensors, config, options))
    : undefined;
  const lora = createLora(tensors, config, weights.blocks, options);
  return {
    ...{ head, bytes: a.bytes },
    write({ T, tokens, documentStarts: starts }) {
      a.tokens.write(tokens as Uint32Array<ArrayBuffer>);
      a.starts?.write(Uint32Array.from(tokens, (_, i) => starts?.[i] ?? 0));
      a.positions?.write(Uint32Array.from(tokens, (_, i) => i % T - (starts?.[i] ?? 0)));
    },
    forward(pass) {
      gptForward(pass, config, weights, { ...a, lora });
      headForward(pass, weights, head, a.norm.y);
    },
    forwardBackward(pass, set, dropout) {
      if (!d) throw new TypeError("Cannot go back: these passes are not for training");
      const gradients = gradientTree(set, config);
      const body = dropout && dropout.rate > 0 ? dropout : undefined;
      const low = lora && { ...lora, ...loraDropout(config, dropout) };
      const trained = { ...a, lora: low };
      gptForward(pass, config, mixed, trained, body);
      headForwardBackward(pass, mixed, gradients, head, { x: a.norm.y, dx: d.narrow });
      gptBackward(pass, config, mixed, gradients, trained, { ...d, lora: low }, body);
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Dropout of what adapters read, which may be another than the model's. */
function loraDropout(
  { lora }: GptConfig,
  dropout: Dropout | undefined,
): { dropout?: Dropout } {
  if (!dropout || !lora || lora.dropout === 0) return {};
  return { dropout: { rate: lora.dropout, clock: dropout.clock } };
}
