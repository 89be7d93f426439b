import { fitsTexture, type Pass, type Shader, type Tensor, type Variant } from "../gpu/mod.ts";
import {
  attentionBackwardKeysWgsl,
  attentionBackwardQueriesWgsl,
  type AttentionForm,
  attentionForwardWgsl,
} from "./attention.wgsl.ts";
import type { AttentionProblem } from "./problem.ts";

/** A way to compute attention. */
export interface AttentionVariant extends Variant {
  /** Whether it can compute this on the device that holds the tensors. */
  fits(problem: AttentionProblem): boolean;
  /** Writes the launches of the forward pass down. */
  forward(pass: Pass, problem: AttentionProblem): void;
  /** Writes the launches of the backward pass down. */
  backward(pass: Pass, problem: AttentionProblem): void;
}

type Source = AttentionForm["source"];

/** Every way to compute attention, the plainest first. */
export const ATTENTION_VARIANTS: readonly AttentionVariant[] = [
  variant("plain", "buffer", 32, (headSize) => headSize > 64 ? 1 : headSize > 16 ? 2 : 4),
  variant("texture", "matrix", 8, (headSize) => headSize > 64 ? 1 : headSize > 32 ? 2 : 4),
  variant("tile", "tile", 64, (headSize) => headSize > 32 ? 1 : 2),
];

/**
 * @param block threads of a workgroup
 * @param rowsOf rows of a thread, by head size: more of them save loads, until registers or compile
 * time run out
 */
function variant(
  name: string,
  source: Source,
  block: number,
  rowsOf: (headSize: number) => number,
): AttentionVariant {
  return {
    name,
    order: "rows",
    matrices: source === "matrix",
    barriers: source === "tile",
    fits: ({ tensors: { qkv, q, kv, y }, headSize }) =>
      source !== "matrix" ||
      (headSize % 4 === 0 && [qkv, q, kv, y].every((tensor) => !tensor || fitsTexture(tensor))),
    forward: (pass, problem) => {
      const { launch, form } = prepare(pass, problem);
      launch("forward", attentionForwardWgsl(form), ["y", "lse"], problem.Tq, 2);
    },
    backward: (pass, problem) => {
      const { launch, form } = prepare(pass, problem);
      const { cross } = form;
      launch(
        "backward queries",
        attentionBackwardQueriesWgsl(form),
        [
          ...["y", "lse", "dy", "delta"],
          cross ? "dq" : "dqkv",
        ],
        problem.Tq,
        3,
      );
      launch(
        "backward keys",
        attentionBackwardKeysWgsl(form),
        [
          ...["lse", "dy", "delta"],
          cross ? "dkv" : "dqkv",
        ],
        problem.Tk,
        4,
      );
    },
  };

  function prepare(
    pass: Pass,
    { tensors, B, Tq, Tk, heads, headSize, causal, dropout, params }: AttentionProblem,
  ) {
    const rows = rowsOf(headSize);
    const cross = tensors.qkv === undefined;
    const bounds = causal ? "starts" : "lengths";
    const bounded = tensors[bounds] !== undefined;
    const form: AttentionForm = {
      ...{ headSize, rows, block, source },
      ...{ dropout, cross, causal, bounded },
    };
    const shared = [
      ...(cross ? ["q", "kv"] : ["qkv"]),
      ...(bounded ? [bounds] : []),
      ...(dropout ? ["clock"] : []),
    ];
    const all: Record<string, Tensor | undefined> = { ...tensors };
    return {
      form,
      /** Launches a kernel with a thread for each of the rows owned, and some products of all pairs. */
      launch: (kernel: string, code: string, names: string[], owned: number, products: number) => {
        const shader: Shader = { label: `attention/${kernel} ${headSize} ${name}`, code };
        const bound = Object.fromEntries([...shared, ...names].map((each) => [each, all[each]!]));
        const workgroups: [number, number] = [Math.ceil(owned / (block * rows)), B * heads];
        const operations = products * 2 * B * heads * Tq * Tk * headSize / (causal ? 2 : 1);
        pass.launch(shader, bound, params, { workgroups }, operations);
      },
    };
  }
}
