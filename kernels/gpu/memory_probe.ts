import { Device } from "./device.ts";

const PIECE_BYTES = 2 ** 29;

/** Where a probe ends: drivers whose memory is the host's promise any amount. */
const MOST_BYTES = 2 ** 38;

const STORAGE = 0x80;

/**
 * Guesses how many bytes the GPU has left: allocates pieces of 512 MiB on a device of its own until the
 * driver refuses one, and frees them. WebGPU tells no size, and drivers whose memory is the host's
 * promise more than there is.
 *
 * @throws {GpuError} if there is no adapter
 */
export async function probeMemory(): Promise<number> {
  using device = await Device.open();
  const { gpu } = device;
  using stack = new DisposableStack();
  const size = Math.min(PIECE_BYTES, gpu.limits.maxBufferSize);
  for (let bytes = 0; bytes < MOST_BYTES; bytes += size) {
    gpu.pushErrorScope("out-of-memory");
    const piece = gpu.createBuffer({ label: "memory probe", size, usage: STORAGE });
    if (await gpu.popErrorScope()) return bytes;
    stack.defer(() => piece.destroy());
  }
  return MOST_BYTES;
}
