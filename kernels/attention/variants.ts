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
    fits: ({ tensors: { qkv, y }, headSize }) =>
      source !== "matrix" || (headSize % 4 === 0 && fitsTexture(qkv!) && fitsTexture(y!)),
    forward: (pass, problem) => {
      const { launch, form, label } = prepare(pass, problem);
      launch({ label: `${label("forward")}`, code: attentionForwardWgsl(form) }, [
        ...["qkv", "y", "lse"],
      ]);
    },
    backward: (pass, problem) => {
      const { launch, form, label } = prepare(pass, problem);
      launch(
        { label: label("backward queries"), code: attentionBackwardQueriesWgsl(form) },
        ["qkv", "y", "lse", "dy", "dqkv", "delta"],
      );
      launch(
        { label: label("backward keys"), code: attentionBackwardKeysWgsl(form) },
        ["qkv", "lse", "dy", "delta", "dqkv"],
      );
    },
  };

  function prepare(
    pass: Pass,
    { tensors, B, T, heads, headSize, dropout, params }: AttentionProblem,
  ) {
    const rows = rowsOf(headSize);
    const form: AttentionForm = { headSize, rows, block, source, dropout };
    const all: Record<string, Tensor | undefined> = { ...tensors };
    return {
      form,
      label: (kernel: string) => `attention/${kernel} ${headSize} ${name}`,
      launch: (shader: Shader, names: string[]) =>
        pass.launch(
          shader,
          Object.fromEntries([...names, ...(dropout ? ["clock"] : [])].map((n) => [n, all[n]!])),
          params,
          { workgroups: [Math.ceil(T / (block * rows)), B * heads] },
        ),
    };
  }
}
