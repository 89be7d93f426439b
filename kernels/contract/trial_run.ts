import {
  type Device,
  type DType,
  HOST_ARRAYS,
  type Recording,
  sizeOf,
  type Tensor,
  type TensorData,
  Texels,
} from "../gpu/mod.ts";
import type { Op, Reference } from "./kernel_case.ts";
import { type HostData, hostData, type OpCase } from "./spec.ts";

/** Elements after each tensor that must stay as they were. */
const GUARD = 64;
const GUARD_VALUE = 12344; // also in f16

/** An op recorded for one case, on tensors of its own with a guard behind each. */
export class TrialRun implements Disposable {
  /** The op's launches. */
  recording!: Recording;
  #stack = new DisposableStack();
  #before: Record<string, TensorData> = {};
  #whole: Record<string, Tensor> = {};
  #tensors: Record<string, Tensor | Texels> = {};

  private constructor(private readonly device: Device, private readonly one: OpCase) {
    for (const [name, { shape, dtype, value, texels }] of Object.entries(one.tensors)) {
      const n = sizeOf(shape);
      const data = typed(dtype, n + GUARD).fill(GUARD_VALUE);
      for (let i = 0; i < n; i++) data[i] = value(i);
      const whole = this.#stack.use(device.tensor(name, [n + GUARD], dtype));
      this.#before[name] = data;
      this.#whole[name] = whole;
      this.#tensors[name] = texels
        ? this.#stack.use(device.texels(name, shape))
        : whole.view(0, shape);
    }
  }

  /**
   * Allocates, fills and records.
   *
   * @throws {ShaderError} if a shader does not compile
   */
  static async create(device: Device, op: Op, one: OpCase): Promise<TrialRun> {
    const trial = new TrialRun(device, one);
    try {
      await trial.record(op);
      return trial;
    } catch (error) {
      trial[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Records the op with the variant that the device now chooses.
   *
   * @throws {ShaderError} if a shader does not compile
   */
  async record(op: Op): Promise<void> {
    const { one } = this;
    this.recording = this.#stack.use(
      await this.device.record(one.label, (pass) => op(pass, this.#tensors, one.options)),
    );
    this.#reset();
  }

  /** Gives every tensor the numbers that it had before the op. */
  #reset(): void {
    for (const [name, tensor] of Object.entries(this.#tensors)) {
      this.#whole[name].write(this.#before[name]);
      if (tensor instanceof Texels) tensor.copyFrom(this.#content(name));
    }
  }

  /** Runs the op once on the first numbers and gives all memory, guards included. */
  async #results(): Promise<ArrayBuffer[]> {
    this.#reset();
    this.recording.run();
    for (const [name, tensor] of Object.entries(this.#tensors)) {
      if (tensor instanceof Texels) tensor.copyTo(this.#content(name));
    }
    return await this.device.read(Object.values(this.#whole));
  }

  /**
   * Runs the op twice and compares with what {@linkcode TrialRun.expected} gave.
   *
   * @returns the first thing that is wrong, as a sentence; undefined where all is well
   */
  async check(expected: Record<string, HostData>): Promise<string | undefined> {
    return this.#fault([await this.#results(), await this.#results()], expected);
  }

  /** The numbers of every tensor before the op. */
  get before(): Record<string, TensorData> {
    return Object.fromEntries(
      Object.entries(this.one.tensors)
        .map(([name, { shape }]) => [name, this.#before[name].subarray(0, sizeOf(shape))]),
    );
  }

  /** What the reference makes of them. */
  expected(reference: Reference): Record<string, HostData> {
    const { tensors, sizes, options } = this.one;
    const data: Record<string, HostData> = {};
    for (const [name, before] of Object.entries(this.before)) {
      data[name] = hostData(tensors[name].dtype, before);
    }
    reference(data, { ...sizes, ...options as Record<string, unknown> });
    return data;
  }

  #fault(
    [first, second]: [ArrayBuffer[], ArrayBuffer[]],
    expected: Record<string, HostData>,
  ): string | undefined {
    const { tensors, tolerance = 2e-5, sampled } = this.one;
    for (const [i, [name, { dtype, role, shape }]] of Object.entries(tensors).entries()) {
      const where = `${name} [${shape}]`;
      const n = sizeOf(shape);
      const actual = typed(dtype, first[i]);
      const written = role !== "input" && role !== "scratch";
      if (!sameBits(first[i], second[i])) return `${where}: two runs differ`;
      if (!actual.subarray(n).every((v) => v === GUARD_VALUE)) {
        return `${where}: wrote past the end`;
      }
      if (role === "input" && !sameBits(first[i], this.#before[name].buffer)) {
        return `${where}: an input was changed`;
      }
      const computed = (_: number, i: number) => !Number.isNaN(expected[name][i]);
      const pick = <A extends TensorData | HostData>(data: A) =>
        sampled ? data.filter(computed) : data;
      const far = written &&
        distance(pick(actual.subarray(0, n)), pick(expected[name]), tolerance);
      if (far) return `${where}: ${far}`;
    }
  }

  #content(name: string): Tensor {
    return this.#whole[name].view(0, this.one.tensors[name].shape);
  }

  /** Frees the tensors and the recording. */
  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** Compares so that NaN fails; tells the worst element and the first ones where one is too far off. */
export function distance(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): string | undefined {
  let worst = -1, most = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
    const ok = error <= tolerance || actual[i] === expected[i];
    if (!ok && !(error <= most)) [worst, most] = [i, error];
  }
  if (worst < 0) return undefined;
  return `element ${worst} is ${actual[worst]}, expected ${expected[worst]} ` +
    `(error ${most} > ${tolerance}); first: ${Array.from(actual).slice(0, 4)} ` +
    `expected ${Array.from(expected).slice(0, 4)}`;
}

function typed(dtype: DType, content: number | ArrayBuffer): TensorData {
  return new HOST_ARRAYS[dtype](content as ArrayBuffer);
}

function sameBits(a: ArrayBuffer, b: ArrayBuffer): boolean {
  const Bits = a.byteLength % 4 === 0 ? Uint32Array : Uint16Array;
  const [x, y] = [new Bits(a), new Bits(b)];
  return x.length === y.length && x.every((bits, i) => bits === y[i]);
}
