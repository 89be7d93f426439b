/** The GPU: devices, tensors, and one folder per op with its forward and backward kernels. */
export * from "./gpu/mod.ts";
