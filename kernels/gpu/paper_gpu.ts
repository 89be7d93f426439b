import { GpuError } from "./errors.ts";

/**
 * A `GPUDevice` with the limits and features of another that holds nothing and computes nothing: its
 * buffers and textures are sizes alone. Code that allocates and records runs on it as it would on the
 * other, so that what it would take can be counted first.
 */
export function paperGpu({ limits, features }: GPUDevice): GPUDevice {
  const nothing = () => {};
  const handle = () => ({});
  const memory = { destroy: nothing, createView: handle };
  const paper = {
    ...{ limits, features, lost: new Promise(nothing), addEventListener: nothing },
    ...{ destroy: nothing, pushErrorScope: nothing, popErrorScope: () => Promise.resolve(null) },
    queue: { writeBuffer: nothing },
    createBuffer: ({ size }: GPUBufferDescriptor) => ({ size, ...memory }),
    createTexture: ({ size }: GPUTextureDescriptor) => {
      const [width, height = 1] = size as number[];
      return { width, height, ...memory };
    },
    createShaderModule: () => ({ getCompilationInfo: () => Promise.resolve({ messages: [] }) }),
    ...{ createBindGroupLayout: handle, createPipelineLayout: handle, createBindGroup: handle },
    createComputePipelineAsync: () => Promise.resolve({}),
    createCommandEncoder: () => {
      throw new GpuError("Cannot compute on a device that only plans: use the one it stands for");
    },
  };
  return paper as unknown as GPUDevice;
}
