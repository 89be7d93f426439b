import { createHead, headForward, headForwardBackward, type TensorMaker } from "../gpt/mod.ts";
import type { Passes, PassOptions } from "../network.ts";
import { createPairActivations, createPairGradients } from "./activations.ts";
import { encoderDecoderBackward } from "./backward.ts";
import type { EncoderDecoder } from "./encoder_decoder.ts";
import { encoderDecoderForward } from "./forward.ts";
import { encoderDecoderGradients, mixedPairTree } from "./parameters.ts";

/** Allocates the passes of an encoder–decoder over batches of pairs, each side padded to T tokens. */
export function pairPasses(
  model: EncoderDecoder,
  tensors: TensorMaker,
  options: PassOptions,
): Passes {
  const { config, weights } = model;
  const mixed = options.matrices ? mixedPairTree(model, options.matrices) : weights;
  const stack = new DisposableStack();
  const before = tensors.allocatedBytes;
  const a = stack.use(createPairActivations(tensors, config, options));
  const bytes = tensors.allocatedBytes - before;
  const { channels, outputSize: vocabularySize } = config;
  const head = stack.use(createHead(tensors, { channels, vocabularySize }, options));
  const d = options.training
    ? stack.use(createPairGradients(tensors, config, options, a))
    : undefined;
  return {
    ...{ head, bytes },
    write(batch) {
      const source = "source" in batch ? batch.source : undefined;
      if (!source) {
        throw new TypeError(
          "Cannot use a batch without sources: an encoder–decoder wants pairs; see pairEncoder",
        );
      }
      a.encoder.tokens.write(source.tokens as Uint32Array<ArrayBuffer>);
      a.encoder.lengths!.write(source.lengths as Uint32Array<ArrayBuffer>);
      a.decoder.tokens.write(batch.tokens as Uint32Array<ArrayBuffer>);
    },
    forward(pass) {
      encoderDecoderForward(pass, config, weights, a);
      headForward(pass, weights, head, a.decoder.norm.y);
    },
    forwardBackward(pass, set, dropout) {
      if (!d) throw new TypeError("Cannot go back: these passes are not for training");
      const gradients = encoderDecoderGradients(set, config);
      encoderDecoderForward(pass, config, mixed, a, dropout);
      const rows = { x: a.decoder.norm.y, dx: d.decoder.narrow };
      headForwardBackward(pass, mixed, gradients, head, rows);
      encoderDecoderBackward(pass, config, mixed, gradients, a, d, dropout);
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}
