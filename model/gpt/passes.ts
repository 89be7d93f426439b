import type { Passes, PassOptions } from "../network.ts";
import { createActivationGradients, createActivations } from "./activations.ts";
import { gptBackward } from "./backward.ts";
import { gptForward } from "./forward.ts";
import type { Gpt } from "./gpt.ts";
import { createHead, headForward, headForwardBackward } from "./head.ts";
import { gradientTree, mixedTree } from "./parameters.ts";
import type { TensorMaker } from "./shared_tensors.ts";

/** Allocates the passes of a GPT over batches of a shape. */
export function gptPasses(
  { config, weights, parameters }: Gpt,
  tensors: TensorMaker,
  options: PassOptions,
): Passes {
  const { matrices } = options;
  const mixed = matrices ? mixedTree(parameters, matrices, config) : weights;
  const stack = new DisposableStack();
  const a = stack.use(createActivations(tensors, config, options));
  const head = stack.use(createHead(tensors, config, options));
  const d = options.training
    ? stack.use(createActivationGradients(tensors, config, options))
    : undefined;
  return {
    ...{ head, bytes: a.bytes },
    write({ T, tokens, documentStarts: starts }) {
      a.tokens.write(tokens as Uint32Array<ArrayBuffer>);
      a.starts?.write(Uint32Array.from(tokens, (_, i) => starts?.[i] ?? 0));
      a.positions?.write(Uint32Array.from(tokens, (_, i) => i % T - (starts?.[i] ?? 0)));
    },
    forward(pass) {
      gptForward(pass, config, weights, a);
      headForward(pass, weights, head, a.norm.y);
    },
    forwardBackward(pass, set, dropout) {
      if (!d) throw new TypeError("Cannot go back: these passes are not for training");
      const gradients = gradientTree(set, config);
      gptForward(pass, config, mixed, a, dropout);
      headForwardBackward(pass, mixed, gradients, head, { x: a.norm.y, dx: d.narrow });
      gptBackward(pass, config, mixed, gradients, a, d, dropout);
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}
