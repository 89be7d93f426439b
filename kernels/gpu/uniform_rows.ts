import type { Tensor } from "./tensor.ts";

/**
 * Rows of some matrices that fit a uniform binding each, from an offset that may be bound: a power of
 * two, so that the rows of a batch, mostly one too, are cut evenly.
 *
 * Uniform buffers are small, but software adapters load from them many times as fast as from storage.
 *
 * @param tensors of [rows, columns] each
 * @returns 0 where not even a row fits, or the columns of a matrix are no multiple of 4
 */
export function uniformRows(...tensors: Tensor[]): number {
  const [{ device }] = tensors;
  const widths = tensors.map(({ shape }) => shape[1]);
  if (widths.some((width) => width % 4 !== 0)) return 0;
  const fit = Math.floor(device.gpu.limits.maxUniformBufferBindingSize / 4 / Math.max(...widths));
  const rows = fit === 0 ? 0 : 2 ** Math.floor(Math.log2(fit));
  const aligned = widths.every((width) => rows * width % 64 === 0);
  return aligned || tensors.every(({ shape }) => rows >= shape[0]) ? rows : 0;
}
