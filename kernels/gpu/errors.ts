/** The GPU, its driver or its memory failed. */
export class GpuError extends Error {
  override name = "GpuError";
}

/** A shader did not compile; `label` names the kernel, `line` and `column` the place in its WGSL. */
export class ShaderError extends Error {
  override name = "ShaderError";
  constructor(
    message: string,
    readonly label: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(`Cannot compile shader ${label}:${line}:${column}: ${message}`);
  }
}
