/** The GPU, its driver or its memory failed. */
export class GpuError extends Error {
  /** `GpuError`. */
  override name = "GpuError";
}

/** A shader did not compile; `label` names the kernel, `line` and `column` the place in its WGSL. */
export class ShaderError extends Error {
  /** `ShaderError`. */
  override name = "ShaderError";

  /**
   * Puts the place before the message.
   *
   * @param message what the compiler says
   * @param label the kernel
   * @param line in the kernel's WGSL, from 1
   * @param column in that line, from 1
   */
  constructor(
    message: string,
    readonly label: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(`Cannot compile shader ${label}:${line}:${column}: ${message}`);
  }
}
