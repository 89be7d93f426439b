/** The device, its tensors, and how a kernel is bound and launched. */
export { bindableViews } from "./bindable.ts";
export {
  Choices,
  type ChoiceTable,
  fitting,
  groupOf,
  type Question,
  shapeClass,
  type Trial,
  type Variant,
} from "./choices.ts";
export { Device, type DeviceOptions, type Kernel } from "./device.ts";
export { GpuError, ShaderError } from "./errors.ts";
export { fitsTexture, prefersMatrices } from "./matrix_textures.ts";
export { probeMemory } from "./memory_probe.ts";
export type { Span } from "./profiler.ts";
export { Readback } from "./readback.ts";
export { type Reader, readerOf } from "./reader.ts";
export { type Extent, type Launch, Pass, Recording } from "./recording.ts";
export {
  type ParamsField,
  readShaderHeader,
  type Shader,
  type ShaderBinding,
  type ShaderHeader,
} from "./shader.ts";
export {
  assertShapes,
  type DType,
  HOST_ARRAYS,
  sizeOf,
  Tensor,
  type TensorData,
} from "./tensor.ts";
export { placeWgsl, Texels } from "./texels.ts";
export { uniformRows } from "./uniform_rows.ts";
export { tune, type TuneEvent, type TuneOptions } from "./tuner.ts";
