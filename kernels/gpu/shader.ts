/**
 * Reads the header of a WGSL shader, so that binding numbers, byte offsets and the workgroup's size
 * are written once, in the WGSL.
 *
 * What a shader may declare: one entry point `main`, one bind group, storage buffers, textures of
 * `rgba32float`, uniform arrays of vec4f or vec4u, and at most one `var<uniform> params: Params` whose
 * fields are u32, i32 or f32 (field i lies at byte 4·i).
 *
 * A `texture_storage_2d<rgba32float, read>` is a matrix: a tensor of two dimensions, which a recording
 * copies into a texture right before the launch; texel (x, y) holds columns 4x … 4x + 3 of row y.
 */

/** A binding as the shader declares it. */
export interface ShaderBinding {
  /** Its variable. */
  name: string;
  /** Its number in the bind group. */
  binding: number;
  /** What holds it: a tensor as a buffer or, copied, as a matrix; or {@linkcode Texels}. */
  memory: "storage" | "uniform" | "texture" | "matrix";
  /** Whether the shader reads it, writes it or both. */
  access: "read" | "write" | "read_write";
  /** Type of an element: `f32`, `f16`, `u32`, `i32`, `vec4f`, `vec4h` … */
  element: string;
  /** Number of elements that a uniform array declares; what is bound must have as many. */
  length?: number;
}

/** A field of the shader's `Params`. */
export interface ParamsField {
  /** Its name. */
  name: string;
  /** Its type; each takes 4 bytes. */
  type: "u32" | "i32" | "f32";
}

/** What the header of a shader says. */
export interface ShaderHeader {
  /** All bindings but `params`, in the order of their declaration. */
  bindings: ShaderBinding[];
  /** Binding number of `params`, and its fields; absent where the shader takes none. */
  params?: { binding: number; fields: ParamsField[] };
  /** Threads of a workgroup in x, y and z, overrides resolved. */
  workgroupSize: [number, number, number];
  /** Memory that a workgroup shares, in bytes: at most {@linkcode MAX_WORKGROUP_BYTES}. */
  workgroupBytes: number;
}

/** What each adapter has for a workgroup to share, by the WebGPU specification; naga does not check it. */
export const MAX_WORKGROUP_BYTES = 16_384;

/** A shader: its WGSL and the values of its `override` constants. */
export interface Shader {
  /** Name in errors and profiles, such as `gelu/forward`. */
  label: string;
  /** WGSL with one entry point, `main`. */
  code: string;
  /** Values for `override` declarations, such as a block size. @default the WGSL's own */
  constants?: Record<string, number>;
}

const BINDING =
  /@group\((\d+)\)\s*@binding\((\d+)\)\s*var\s*(?:<\s*(storage|uniform)\s*(?:,\s*(read|read_write)\s*)?>)?\s*(\w+)\s*:\s*([^;]+);/g;

const UNIFORM_ARRAY = /^array<\s*(vec4[fu])\s*,\s*(\w+)\s*>$/;

/**
 * Reads bindings, params and workgroup size from WGSL.
 *
 * @throws {SyntaxError} where the shader breaks the rules above
 */
export function readShaderHeader(shader: Shader): ShaderHeader {
  const code = shader.code.replace(/\/\/[^\n]*/g, "");
  const fail = (what: string): never => {
    throw new SyntaxError(`Cannot use shader ${shader.label}: ${what}`);
  };
  const value = constantReader(shader, code, fail);
  const header: ShaderHeader = {
    bindings: [],
    workgroupSize: workgroupSize(code, value, fail),
    workgroupBytes: workgroupBytes(code, value, fail),
  };
  for (const [, group, binding, space, access, name, type] of code.matchAll(BINDING)) {
    if (group !== "0") fail(`binding ${name} is in group ${group}, all must be in group 0`);
    const place = { name, binding: Number(binding) };
    const array = type.trim().match(UNIFORM_ARRAY);
    if (space === "uniform" && array) {
      const [, element, length] = array;
      const read = { memory: "uniform", access: "read" } as const;
      header.bindings.push({ ...place, ...read, element, length: value(length) });
    } else if (space === "uniform") {
      if (name !== "params" || header.params) {
        fail(`uniform ${name} must be an array of vec4f or vec4u, or the only params`);
      }
      header.params = { binding: Number(binding), fields: paramsFields(code, type.trim(), fail) };
    } else if (space === "storage") {
      const element = type.match(/^array<\s*(?:atomic<)?(\w+)/)?.[1] ?? type.trim();
      const written = (access ?? "read") as ShaderBinding["access"];
      header.bindings.push({ ...place, memory: "storage", access: written, element });
    } else {
      const texture = TEXTURES[type.replaceAll(/\s/g, "")] ??
        fail(`${name} must be a buffer, texture_2d<f32> or texture_storage_2d of rgba32float`);
      header.bindings.push({ ...place, ...texture });
    }
  }
  return header;
}

type TextureBinding = Pick<ShaderBinding, "memory" | "access" | "element">;

const TEXTURES: Record<string, TextureBinding | undefined> = {
  "texture_2d<f32>": { memory: "texture", access: "read", element: "vec4f" },
  "texture_storage_2d<rgba32float,write>": { memory: "texture", access: "write", element: "vec4f" },
  "texture_storage_2d<rgba32float,read>": { memory: "matrix", access: "read", element: "vec4f" },
  "texture_storage_2d<rgba16float,read>": { memory: "matrix", access: "read", element: "vec4h" },
};

/** Reads whole numbers as WGSL writes them: a literal, or the name of a const or an override. */
function constantReader(shader: Shader, code: string, fail: (what: string) => never) {
  return (text: string): number => {
    if (/^\d+u?$/.test(text)) return parseInt(text);
    const declared = new RegExp(`(?:override|const)\\s+${text}\\s*(?::\\s*u32)?\\s*=\\s*(\\d+)`);
    const preset = code.match(declared)?.[1];
    return shader.constants?.[text] ??
      (preset ? parseInt(preset) : fail(`size ${text} is no number, const or override`));
  };
}

function workgroupSize(
  code: string,
  value: (text: string) => number,
  fail: (what: string) => never,
): [number, number, number] {
  const written = code.match(/@workgroup_size\(([^)]*)\)\s*fn\s+main\b/)?.[1] ??
    fail("it needs `@compute @workgroup_size(…) fn main`");
  const sizes = written.split(",").map((part) => part.trim()).filter(Boolean).map(value);
  return [sizes[0], sizes[1] ?? 1, sizes[2] ?? 1];
}

const SHARED = /var\s*<\s*workgroup\s*>\s*(\w+)\s*:\s*([^;]+);/g;

const SHARED_TYPE = /^(?:array<\s*)?(vec2|vec4)?<?([fui])(?:32)?>?\s*(?:,\s*(\w+)\s*>)?$/;

function workgroupBytes(
  code: string,
  value: (text: string) => number,
  fail: (what: string) => never,
): number {
  let bytes = 0;
  for (const [, name, type] of code.matchAll(SHARED)) {
    const [, vector, , length = "1"] = type.match(SHARED_TYPE) ??
      fail(`shared ${name} must be a 32-bit number, a vec2, a vec4 or an array of them`);
    bytes += 4 * Number(vector?.[3] ?? 1) * value(length);
  }
  if (bytes > MAX_WORKGROUP_BYTES) {
    fail(
      `its workgroups share ${bytes} bytes, at most ${MAX_WORKGROUP_BYTES} are sure to be there`,
    );
  }
  return bytes;
}

function paramsFields(code: string, type: string, fail: (what: string) => never): ParamsField[] {
  const body = code.match(new RegExp(`struct\\s+${type}\\s*\\{([^}]*)\\}`))?.[1] ??
    fail(`struct ${type} is not declared`);
  return body.split(",").map((line) => line.trim()).filter(Boolean).map((line) => {
    const field = line.match(/^(\w+)\s*:\s*(u32|i32|f32)$/) ??
      fail(`field "${line}" of ${type} must be u32, i32 or f32`);
    return { name: field[1], type: field[2] as ParamsField["type"] };
  });
}
