/** A Transformer with an encoder and a decoder, as MBart is. */
export { assertEncoderDecoderConfig, type EncoderDecoderConfig } from "./config.ts";
export { EncoderDecoder } from "./encoder_decoder.ts";
export type { EncoderDecoderParameters, SideParameters } from "./parameters.ts";
