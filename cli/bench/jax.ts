import { type Contender, type Given, type PreparedWork, spend } from "./contender.ts";

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
    prepare(work: string, given: Given) {
      release();
      const made = workOf(jax, work, given);
      if (!made) return Promise.resolve(undefined);
      const { call, inputs } = made;
      held = inputs;
      const compiled = jax.jit(call);
      // Each function consumes its arguments.
      const once = () => compiled(...inputs.map((array) => array.ref)) as JaxArray;
      const prepared: PreparedWork = {
        run: (runs) =>
          spend(async () => {
            for (let left = runs; left > 0; left -= HELD) {
              // What is freed before it was waited for is not computed.
              const results = Array.from({ length: Math.min(left, HELD) }, once);
              await jax.blockUntilReady(results);
              for (const result of results) result.dispose();
            }
          }),
        async results({ y = [] }) {
          const data = await once().data();
          const { accumulate } = given.options;
          const before = accumulate ? given.tensors.y.data : undefined;
          return { y: y.map((place) => data[place] + (before?.[place] ?? 0)) };
        },
      };
      return Promise.resolve(prepared);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(release()),
  };
}

/** A work as jax-js writes it, with its arguments; all give the op's y, to which none adds. */
function workOf(
  { numpy: np, nn }: Jax,
  work: string,
  { tensors, options }: Given,
): { call: (...args: JaxArray[]) => JaxArray; inputs: JaxArray[] } | undefined {
  const made = (...names: string[]) =>
    names.map((name) => {
      const { data, shape } = tensors[name];
      return np.array(data as Float32Array<ArrayBuffer>).reshape([...shape]);
    });
  if (work.startsWith("matmul ")) {
    const { layout } = options;
    return {
      call: (a, b) =>
        np.matmul(
          layout === "TN" ? np.transpose(a) : a,
          layout === "NT" ? np.transpose(b) : b,
        ),
      inputs: made("a", "b"),
    };
  }
  if (work === "gelu forward") return { call: (x) => nn.gelu(x), inputs: made("x") };
  if (work === "layernorm forward") {
    return {
      call: (x, gain, bias) => nn.standardize(x, -1).mul(gain).add(bias),
      inputs: made("x", "gain", "bias"),
    };
  }
  if (work === "attention forward") {
    const heads = options.heads as number;
    const { data, shape: [B, T, width] } = tensors.qkv;
    const C = width / 3;
    const part = (p: number) =>
      np.array(Float32Array.from({ length: B * T * C }, (_, i) => {
        const row = Math.floor(i / C);
        return data[row * width + p * C + i % C];
      })).reshape([B, T, heads, C / heads]);
    return {
      call: (q, k, v) => nn.dotProductAttention(q, k, v, { isCausal: true }),
      inputs: [0, 1, 2].map(part),
    };
  }
}
