import { type Device, GpuError, sizeOf, type Tensor } from "../../kernels/mod.ts";
import { type GptConfig, isAdapted } from "../config.ts";
import type { ParameterShape } from "../checkpoint/mod.ts";

/** Elements that a tensor's start is rounded up to: WebGPU asks for 256-byte offsets at most, also in f16. */
const ALIGNMENT = 128;

/** Largest arena that is copied to the host in one piece. */
const MOST_COPIED_BYTES = 256 * 2 ** 20;

/** A buffer that holds many parameters one after another; the first `decayed` elements are decayed. */
export interface Arena {
  /** The whole buffer, one-dimensional. */
  tensor: Tensor;
  /** Number of elements, from the start, that weight decay applies to. */
  decayed: number;
}

/**
 * One value for each parameter of a model: its weights, their gradients, or a moment of AdamW.
 *
 * The tensors are views of a few arenas, matrices before vectors, so that the optimizer works on whole
 * arenas. Sets of the same shapes have the same layout.
 */
export class ParameterSet implements Disposable {
  private constructor(
    readonly arenas: readonly Arena[],
    /** Tensors by name. */
    readonly tensors: ReadonlyMap<string, Tensor>,
  ) {}

  /**
   * Makes a set of zeros.
   *
   * @param parameters the model's, in the order of its forward pass
   * @param label names the set in errors, such as `weights`
   * @param isWanted whether a parameter has a place in it. @default all have
   * @param dtype of its elements
   * @throws {GpuError} if a single parameter is larger than the adapter's largest buffer
   */
  static create(
    device: Device,
    parameters: readonly ParameterShape[],
    label: string,
    isWanted: (name: string) => boolean = () => true,
    dtype: "f32" | "f16" = "f32",
  ): ParameterSet {
    const shapes = parameters.filter(({ name }) => isWanted(name));
    const ordered = [
      ...shapes.filter(({ decayed }) => decayed),
      ...shapes.filter(({ decayed }) => !decayed),
    ];
    const most = Math.floor(device.gpu.limits.maxBufferSize / 4 / ALIGNMENT) * ALIGNMENT;
    const plans: { size: number; decayed: number; entries: [string, number, number[]][] }[] = [];
    for (const { name, shape, decayed } of ordered) {
      const size = Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
      if (size > most) {
        throw new GpuError(
          `Cannot allocate ${4 * size} bytes for ${name} [${shape}]: this adapter allows ${
            4 * most
          } bytes a buffer. Use a smaller model.`,
        );
      }
      let plan = plans.at(-1);
      if (!plan || plan.size + size > most) plans.push(plan = { size: 0, decayed: 0, entries: [] });
      plan.entries.push([name, plan.size, shape]);
      plan.size += size;
      if (decayed) plan.decayed = plan.size;
    }
    const tensors = new Map<string, Tensor>();
    const arenas = plans.map(({ size, decayed, entries }, i) => {
      const tensor = device.tensor(`${label} ${i}`, [size], dtype);
      for (const [name, start, shape] of entries) {
        tensors.set(name, tensor.view(start, shape, name));
      }
      return { tensor, decayed };
    });
    return new ParameterSet(arenas, tensors);
  }

  /**
   * The tensor of a name.
   *
   * @throws {RangeError} if there is none
   */
  get(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new RangeError(`This model has no parameter ${name}`);
    return tensor;
  }

  /**
   * Gives the values of tensors by name. Each wait for the GPU costs 10 ms or more, so a small arena is
   * copied to the host as a whole, once; a large one tensor by tensor, to spare the host's memory.
   */
  reader(): (name: string) => Promise<Float32Array> {
    const copies = new Map<GPUBuffer, Promise<Float32Array>>();
    return async (name) => {
      const { buffer, offsetBytes, size } = this.get(name);
      const { tensor } = this.arenas.find((arena) => arena.tensor.buffer === buffer)!;
      if (tensor.bytes > MOST_COPIED_BYTES) return await this.get(name).read() as Float32Array;
      let copy = copies.get(buffer);
      if (!copy) copies.set(buffer, copy = tensor.read() as Promise<Float32Array>);
      return (await copy).subarray(offsetBytes / 4, offsetBytes / 4 + size);
    };
  }

  /** Bytes of GPU memory. */
  get bytes(): number {
    return this.arenas.reduce((sum, { tensor }) => sum + tensor.bytes, 0);
  }

  /** Frees the arenas. */
  [Symbol.dispose](): void {
    for (const { tensor } of this.arenas) tensor[Symbol.dispose]();
  }
}

/** Parameters that lie side by side both in a set of all and in one of some of them. */
export interface Stretch {
  /** Their elements in the set of all, one-dimensional. */
  parameters: Tensor;
  /** Their place in the smaller set: which arena, and which of its elements. */
  arena: number;
  start: number;
  /** Number of elements from the first that weight decay applies to. */
  decayed: number;
}

/**
 * The stretches that make up a set of some of the parameters of another: one for each arena where it
 * has all of them.
 */
export function stretchesOf(all: ParameterSet, some: ParameterSet): Stretch[] {
  const place = ({ buffer, offsetBytes, bytes, size }: Tensor, { arenas }: ParameterSet) => ({
    arena: arenas.findIndex(({ tensor }) => tensor.buffer === buffer),
    start: offsetBytes * size / bytes,
  });
  const found: { from: number; first: number; arena: number; start: number; size: number }[] = [];
  for (const [name, tensor] of some.tensors) {
    const [here, there] = [place(tensor, some), place(all.get(name), all)];
    const last = found.at(-1);
    const size = Math.ceil(tensor.size / ALIGNMENT) * ALIGNMENT;
    if (
      last?.arena === here.arena && last.from === there.arena &&
      last.start + last.size === here.start && last.first + last.size === there.start
    ) last.size += size;
    else found.push({ from: there.arena, first: there.start, ...here, size });
  }
  return found.map(({ from, first, arena, start, size }) => ({
    parameters: all.arenas[from].tensor.view(first, [size]),
    ...{ arena, start },
    decayed: Math.max(0, Math.min(size, some.arenas[arena].decayed - start)),
  }));
}

/** A weight and, where the model has biases, its bias: a linear layer's or a layer norm's. */
export interface Affine {
  /** [in, out] of a linear layer, or the gain [C] of a layer norm. */
  weight: Tensor;
  /** [out], or [C]. */
  bias?: Tensor;
  /** What adapts a linear layer, where the model has adapters. */
  lora?: LoraWeights;
}

/** The parameters of attention to another sequence. */
export interface CrossParameters {
  /** Layer norm before it, [C]. */
  norm: Affine;
  /** Queries, [C, C]. */
  q: Affine;
  /** Keys and values of the other sequence, [C, 2C]. */
  kv: Affine;
  /** Its output, [C, C]. */
  projection: Affine;
}

/** What adapts a linear layer: y += α/r·x·Aᵀ·Bᵀ. */
export interface LoraWeights {
  /** [r, in]. */
  a: Tensor;
  /** [out, r]. */
  b: Tensor;
}

/** The parameters of a block. */
export interface BlockParameters {
  /** Layer norm before attention, [C]. */
  norm1: Affine;
  /** Queries, keys and values, [C, 3C]. */
  qkv: Affine;
  /** Attention's output, [C, C]. */
  projection: Affine;
  /** Attention to another sequence, where there is one. */
  cross?: CrossParameters;
  /** Layer norm before the feed-forward part, [C]. */
  norm2: Affine;
  /** First layer of the feed-forward part, [C, 4C]. */
  up: Affine;
  /** Second layer of the feed-forward part, [4C, C]. */
  down: Affine;
}

/** A parameter set as the tree that the forward and backward pass walk. */
export interface GptParameters {
  /** Token embedding, [V, C]. */
  wte: Tensor;
  /** Position embedding, [context, C]. */
  wpe: Tensor;
  /** The blocks from the first to the last, L of them. */
  blocks: BlockParameters[];
  /** Last layer norm, [C]. */
  norm: Affine;
  /** Output layer, [V, C]; `wte` itself where they are tied; a head over K classes, [K, C]. */
  head: Tensor;
  /** Of a head over tokens, [K]. */
  headBias?: Tensor;
}

/** The gradients of a layer's parameters that are trained. */
export type AffineGradient = Partial<Omit<Affine, "lora">> & { lora?: Partial<LoraWeights> };

/** The gradients of a block's parameters that are trained. */
export type BlockGradients =
  & { [name in Exclude<keyof BlockParameters, "cross">]: AffineGradient }
  & { cross?: { [name in keyof CrossParameters]: AffineGradient } };

/** The gradients of the parameters that are trained; those of frozen ones are absent. */
export interface GptGradients {
  wte?: Tensor;
  wpe?: Tensor;
  blocks: BlockGradients[];
  norm: AffineGradient;
  head?: Tensor;
  headBias?: Tensor;
}

/** Arranges a parameter set as a tree. */
export function parameterTree(set: ParameterSet, config: GptConfig): GptParameters {
  return treeOf((name) => set.get(name), config) as GptParameters;
}

/** The tree of a model whose products take another set's matrices: the rest is its own. */
export function mixedTree(
  own: ParameterSet,
  matrices: ParameterSet,
  config: GptConfig,
): GptParameters {
  const { wte, wpe } = parameterTree(own, config);
  const mixed = treeOf((name) => matrices.tensors.get(name) ?? own.get(name), config);
  return { ...mixed as GptParameters, wte, wpe };
}

/** Arranges a set of gradients as a tree, without those of frozen parameters. */
export function gradientTree(set: ParameterSet, config: GptConfig): GptGradients {
  return treeOf((name) => set.tensors.get(name), config);
}

function treeOf(find: (name: string) => Tensor | undefined, config: GptConfig): GptGradients {
  const optional = <K extends string>(key: K, name: string): { [key in K]?: Tensor } => {
    const tensor = find(name);
    return tensor ? { [key]: tensor } as { [key in K]?: Tensor } : {};
  };
  const affine = (name: string): AffineGradient => ({
    ...optional("weight", `transformer.${name}.weight`),
    ...(config.bias ? optional("bias", `transformer.${name}.bias`) : {}),
  });
  const adapted = (block: string, layer: string): AffineGradient => {
    const name = `transformer.${block}.${layer}`;
    const lora = isAdapted(layer, config.lora)
      ? { ...optional("a", `${name}.lora_A.weight`), ...optional("b", `${name}.lora_B.weight`) }
      : {};
    const isThere = Object.keys(lora).length > 0;
    return { ...affine(`${block}.${layer}`), ...(isThere && { lora }) };
  };
  const wte = optional("wte", "transformer.wte.weight");
  return {
    ...wte,
    ...optional("wpe", "transformer.wpe.weight"),
    blocks: Array.from({ length: config.layers }, (_, l) => ({
      norm1: affine(`h.${l}.ln_1`),
      qkv: adapted(`h.${l}`, "attn.c_attn"),
      projection: adapted(`h.${l}`, "attn.c_proj"),
      norm2: affine(`h.${l}.ln_2`),
      up: adapted(`h.${l}`, "mlp.c_fc"),
      down: adapted(`h.${l}`, "mlp.c_proj"),
    })),
    norm: affine("ln_f"),
    ...headOf(),
  };

  function headOf(): Pick<GptGradients, "head" | "headBias"> {
    if (config.head?.of === "text") return optional("head", "score.weight");
    if (config.head) {
      return {
        ...optional("head", "classifier.weight"),
        ...optional("headBias", "classifier.bias"),
      };
    }
    return config.tie ? { head: wte.wte } : optional("head", "lm_head.weight");
  }
}
