/** The GPU: devices, tensors, and one folder per op with its forward and backward kernels. */
export * from "./gpu/mod.ts";
export { geluBackward, geluForward } from "./gelu/mod.ts";
export {
  type Layout,
  matmul,
  type MatmulOptions,
  type MatmulTensors,
  matmulVariantName,
} from "./matmul/mod.ts";
