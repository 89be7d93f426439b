/** A Transformer with an encoder and a decoder, as MBart is. */
export { createSideActivations, type SideActivations } from "./activations.ts";
export { assertEncoderDecoderConfig, type EncoderDecoderConfig } from "./config.ts";
export { EncoderDecoder } from "./encoder_decoder.ts";
export { embeddingOptions, sideForward } from "./forward.ts";
export type { EncoderDecoderParameters, SideParameters } from "./parameters.ts";
