/**
 * Quern trains, fine-tunes and serves GPTs on any GPU that Deno's built-in WebGPU reaches.
 *
 * @module
 */
export * from "./kernels/mod.ts";
