import type { Tensor } from "./tensor.ts";

/**
 * Cuts a flat tensor into views that a kernel may bind, in order: each starts at a multiple of 64
 * elements, and all but the last are of one size.
 *
 * @throws {RangeError} if the device binds less than 64 elements
 */
export function bindableViews(tensor: Tensor): Tensor[] {
  const { size, device, label } = tensor;
  const most = Math.floor(device.maxBindingBytes / 4 / 64) * 64;
  if (most === 0) {
    throw new RangeError(
      `Cannot bind ${label} in parts: the device must bind at least 256 bytes, got ${device.maxBindingBytes}`,
    );
  }
  return Array.from({ length: Math.ceil(size / most) }, (_, i) => {
    const start = i * most;
    return tensor.view(start, [Math.min(most, size - start)]);
  });
}
