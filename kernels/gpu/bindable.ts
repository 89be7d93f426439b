import type { Tensor } from "./tensor.ts";

/**
 * Cuts a flat tensor into views that a kernel may bind, in order: each starts at a multiple of 128
 * elements, 256 bytes also in f16, and all but the last are of one size.
 *
 * @throws {RangeError} if the device binds less than 128 elements
 */
export function bindableViews(tensor: Tensor): Tensor[] {
  const { size, device, label } = tensor;
  const most = Math.floor(device.maxBindingBytes / 4 / 128) * 128;
  if (most === 0) {
    throw new RangeError(
      `Cannot bind ${label} in parts: the device must bind at least 512 bytes, got ${device.maxBindingBytes}`,
    );
  }
  return Array.from({ length: Math.ceil(size / most) }, (_, i) => {
    const start = i * most;
    return tensor.view(start, [Math.min(most, size - start)]);
  });
}
