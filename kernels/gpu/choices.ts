import type { Device } from "./device.ts";
import type { Pass } from "./recording.ts";
import type { Tensor } from "./tensor.ts";

/** One way to compute an op. */
export interface Variant {
  /** Name within its op, such as `tile 64x64x16`. */
  readonly name: string;
  /** How its sums are ordered, such as `k`: variants of one order promise the same bits. */
  readonly order: string;
  /** Whether it reads its operands as matrices, and so is the default where textures pay. */
  readonly matrices?: boolean;
  /** Whether its threads wait for each other, so that it is not tried where barriers are slow. */
  readonly barriers?: boolean;
}

/** How a variant is tried: on tensors of its own, which the tuner fills with numbers. */
export interface Trial<V> {
  /** The op's tensors, by name: those of the trial have their shapes and types. */
  readonly tensors: Readonly<Record<string, Pick<Tensor, "shape" | "dtype"> | undefined>>;
  /** Names of the tensors that the op writes. */
  readonly results: readonly string[];
  /** Floating-point operations of the op. */
  readonly operations: number;
  /** Writes the op down as the variant computes it. */
  run(pass: Pass, tensors: Record<string, Tensor>, variant: V): void;
}

/** What an op has to choose for tensors of some shapes. */
export interface Question<V extends Variant = Variant> {
  /**
   * Op and sizes but for the number of rows, such as `matmul NN 768x768`. All of a group are computed
   * in one order, so that a row's bits do not depend on how many rows there are.
   */
  readonly group: string;
  /** Number of rows: it may choose among the variants of the group's order. */
  readonly rows: number;
  /** Variants that fit these shapes and this device; the default first. */
  readonly variants: readonly V[];
  /** The plainest of them, which the others are checked against. */
  readonly plain: V;
  /** How a variant is tried. */
  readonly trial: Trial<V>;
}

/** Which variants to use, as plain data for a file; what is not in it gets its default. */
export interface ChoiceTable {
  /** Order of each group whose order is not the default's. */
  orders: Record<string, string>;
  /** Name of the variant of each shape class. */
  variants: Record<string, string>;
}

/**
 * The variants that a device uses. What was asked for is remembered, so that a tuner can try exactly
 * what a program needs.
 */
export class Choices {
  #table: ChoiceTable;
  #asked = new Map<string, Question>();
  /** Labels of kernels that do not compile, or compute wrong, here. */
  #dropped = new Set<string>();

  /** Begins with the choices of a table. */
  constructor(table: ChoiceTable = { orders: {}, variants: {} }) {
    this.#table = structuredClone(table);
  }

  /** The variant to use. */
  pick<V extends Variant>(question: Question<V>): V {
    const key = shapeClass(question);
    if (!this.#asked.has(key)) this.#asked.set(key, question as unknown as Question);
    const usable = this.usable(question);
    const [standard] = usable.length > 0 ? usable : question.variants;
    const order = this.#table.orders[groupOf(question)] ?? standard.order;
    const fitting = usable.filter((variant) => variant.order === order);
    const name = this.#table.variants[key];
    return fitting.find((variant) => variant.name === name) ?? fitting[0] ?? standard;
  }

  /** Variants that were not given up; the default first. */
  usable<V extends Variant>(question: Question<V>): V[] {
    return question.variants.filter(({ name }) =>
      ![...this.#dropped].some((label) => isKernelOf(label, question, name))
    );
  }

  /**
   * Gives up the variants that launch a kernel which does not compile, or computes wrong, here.
   *
   * @param label of the kernel: the op, and at its end the variant's name
   * @returns whether every question that they were picked for has another
   */
  drop(label: string): boolean {
    const before = [...this.#asked.values()].filter((question) =>
      question.variants.some(({ name }) => isKernelOf(label, question, name))
    );
    this.#dropped.add(label);
    return before.length > 0 &&
      before.every((question) => this.usable(question).length > 0);
  }

  /** What was asked for, by shape class. */
  get asked(): ReadonlyMap<string, Question> {
    return this.#asked;
  }

  /** What the device uses for all that was asked for, defaults too. */
  get used(): ChoiceTable {
    const picked = [...this.#asked].map(([key, question]) => [key, this.pick(question).name]);
    return { orders: { ...this.#table.orders }, variants: Object.fromEntries(picked) };
  }

  /** A copy of the table. */
  get table(): ChoiceTable {
    return structuredClone(this.#table);
  }

  /** Whether a shape class has been decided. */
  has(key: string): boolean {
    return Object.hasOwn(this.#table.variants, key);
  }

  /** Whether a shape class of a question's group has been decided, and so the order of all of them. */
  hasGroup(question: Question): boolean {
    const group = `${groupOf(question)} rows `;
    return Object.keys(this.#table.variants).some((key) => key.startsWith(group));
  }

  /** Takes over the choices of a table; recordings made before keep what they have. */
  merge(table: ChoiceTable): void {
    Object.assign(this.#table.orders, table.orders);
    Object.assign(this.#table.variants, table.variants);
  }
}

/** Whether a variant of a question launches a kernel of this label, such as `matmul/NN texture 8x16`. */
function isKernelOf(label: string, { group }: Pick<Question, "group">, name: string): boolean {
  return label.split("/")[0] === group.split(" ")[0] && label.endsWith(` ${name}`);
}

/** Puts the variants that a device should begin with first, and leaves out those that do not fit. */
export function fitting<V extends Variant>(
  { prefersTextures }: Device,
  variants: readonly V[],
  fits: (variant: V) => boolean,
): V[] {
  const first = ({ matrices = false }: V) => matrices === prefersTextures ? 0 : 1;
  return variants.filter(fits).sort((a, b) => first(a) - first(b));
}

/** Name of a group, which is another where tensors are of f16. */
export function groupOf({ group, trial: { tensors } }: Question): string {
  const halves = Object.keys(tensors).filter((name) => tensors[name]?.dtype === "f16");
  return [group, ...halves.map((name) => `${name}:f16`)].join(" ");
}

/** Name of all shapes that share a choice: rows are rounded up to a power of two. */
export function shapeClass(question: Question): string {
  const { rows } = question;
  return `${groupOf(question)} rows ${2 ** Math.ceil(Math.log2(rows))}`;
}
