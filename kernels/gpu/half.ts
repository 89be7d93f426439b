import type { Shader } from "./shader.ts";

/**
 * A shader whose named bindings are stored in half precision: what it reads of them becomes float32 at
 * the load, what it writes is rounded at the store, and all it computes stays float32. So any kernel
 * takes tensors of f16 where its WGSL says f32 or vec4f.
 *
 * The rewriting cannot go wrong in silence: WGSL mixes no f16 with f32, so that an access it missed
 * does not compile.
 */
export function withHalves({ label, code, constants }: Shader, names: readonly string[]): Shader {
  const wide = new Map<string, string>();
  let rewritten = code.replace(/\/\/[^\n]*/g, "");
  for (const name of names) {
    const array = new RegExp(`(var<storage[^>]*>\\s*${name}\\s*:\\s*array<\\s*)(f32|vec4f)\\b`);
    const matrix = new RegExp(`(\\b${name}\\s*:\\s*texture_storage_2d<)rgba32float(,\\s*read>)`);
    rewritten = rewritten
      .replace(array, (_, before, type) => {
        wide.set(name, type);
        return before + HALF[type];
      })
      .replace(matrix, "$1rgba16float$2");
  }
  return { label: `${label} f16`, code: `enable f16; ${convert(rewritten, wide)}`, constants };
}

const HALF: Record<string, string> = { f32: "f16", vec4f: "vec4h" };

/** Converts each access to the bindings, whose types in registers are given. */
function convert(code: string, wide: ReadonlyMap<string, string>): string {
  if (wide.size === 0) return code;
  const access = new RegExp(`(?<![\\w.])(${[...wide.keys()].join("|")})\\s*\\[`, "g");
  let result = "";
  let done = 0;
  for (let match; (match = access.exec(code)); access.lastIndex = done) {
    const [whole, name] = match;
    const type = wide.get(name)!;
    const begin = match.index + whole.length;
    const end = closing(code, begin);
    const place = `${name}[${convert(code.slice(begin, end), wide)}]`;
    result += code.slice(done, match.index);
    const assignment = code.slice(end + 1).match(/^\s*([-+*/]?)=(?!=)/);
    if (!assignment) {
      result += `${type}(${place})`;
      done = end + 1;
      continue;
    }
    const [written, operator] = assignment;
    done = code.indexOf(";", end);
    const value = convert(code.slice(end + 1 + written.length, done), wide);
    const sum = operator ? `${type}(${place}) ${operator} (${value})` : value;
    result += `${place} = ${HALF[type]}(${sum})`;
  }
  return result + code.slice(done);
}

/** Index of the bracket that closes the one before `begin`. */
function closing(code: string, begin: number): number {
  let depth = 1;
  let i = begin;
  for (; depth > 0; i++) {
    if (code[i] === "[") depth++;
    if (code[i] === "]") depth--;
  }
  return i - 1;
}
