import { type Contender, spend, type WorkSizes } from "./contender.ts";

type Jax = typeof import("@jax-js/jax");
type JaxArray = import("@jax-js/jax").Array;

/** Results that are waited for together, since each wait takes 10 ms. */
const HELD = 16;

/** jax-js's WebGPU backend on the same adapter; undefined where it cannot be had. */
export async function openJax(): Promise<Contender | undefined> {
  const jax = await import("@jax-js/jax").catch(() => undefined);
  if (!jax || !(await jax.init("webgpu")).includes("webgpu")) return undefined;
  jax.defaultDevice("webgpu");
  let held: JaxArray[] = [];
  const release = () => held.splice(0).forEach((array) => array.dispose());
  return {
    name: "jax-js on WebGPU",
    prepare(work: string, sizes: WorkSizes) {
      release();
      const made = workOf(jax, work, sizes);
      if (!made) return Promise.resolve(undefined);
      const { call, inputs } = made;
      held = inputs;
      const compiled = jax.jit(call);
      return Promise.resolve((runs: number) =>
        spend(async () => {
          for (let left = runs; left > 0; left -= HELD) {
            // Each function consumes its arguments; what is freed before it was waited for is not computed.
            const results = Array.from(
              { length: Math.min(left, HELD) },
              () => compiled(...inputs.map((array) => array.ref)) as JaxArray,
            );
            await jax.blockUntilReady(results);
            for (const result of results) result.dispose();
          }
        })
      );
    },
    [Symbol.asyncDispose]: () => Promise.resolve(release()),
  };
}

/** A work as jax-js writes it, with its arguments. */
function workOf(
  { numpy: np, nn }: Jax,
  work: string,
  { B, T, C, heads, V }: WorkSizes,
): { call: (...args: JaxArray[]) => JaxArray; inputs: JaxArray[] } | undefined {
  const made = (...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return np.array(Float32Array.from({ length: size }, () => Math.random() - 0.5)).reshape(shape);
  };
  const [op, part, direction] = work.split(" ");
  const N = B * T;
  if (op === "matmul") {
    const head = part === "head";
    const M = head ? Math.min(N, 64) : N;
    const [K, out] = { qkv: [C, 3 * C], projection: [C, C], up: [C, 4 * C], down: [4 * C, C] }[
      part
    ] ?? [C, Math.min(V, Math.floor(2 ** 27 / 4 / C / 64) * 64)];
    const [x, w, dy] = [[M, K], head ? [out, K] : [K, out], [M, out]];
    const [a, b] = { forward: [x, w], dx: [dy, w], dw: head ? [dy, x] : [x, dy] }[direction]!;
    const transposed = { forward: head ? "b" : "", dx: head ? "" : "b", dw: "a" }[direction];
    return {
      call: (a, b) =>
        np.matmul(
          transposed === "a" ? np.transpose(a) : a,
          transposed === "b" ? np.transpose(b) : b,
        ),
      inputs: [made(...a), made(...b)],
    };
  }
  if (work === "gelu forward") return { call: (x) => nn.gelu(x), inputs: [made(N, 4 * C)] };
  if (work === "layernorm forward") {
    return {
      call: (x, gain, bias) => nn.standardize(x, -1).mul(gain).add(bias),
      inputs: [made(N, C), made(C), made(C)],
    };
  }
  if (work === "attention forward") {
    const part = () => made(B, T, heads, C / heads);
    return {
      call: (q, k, v) => nn.dotProductAttention(q, k, v, { isCausal: true }),
      inputs: [part(), part(), part()],
    };
  }
}
