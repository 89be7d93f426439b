import type { Question, Variant } from "./choices.ts";
import type { Device } from "./device.ts";
import { Pass, Recording } from "./recording.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** Most bytes that the tensors of a trial may take. */
const MOST_BYTES = 2 ** 30;

/** Largest difference from the plain variant's result, as a share of that result's largest element. */
const TOLERANCE = 1e-3;

/** Whether the tensors of a question are small enough to be made a second time. */
export function canTry({ trial }: Question): boolean {
  const sizes = Object.values(trial.tensors).map((tensor) => tensor ? 4 * sizeOf(tensor.shape) : 0);
  return sizes.reduce((sum, size) => sum + size, 0) <= MOST_BYTES;
}

/** Tensors on which the variants of a question are tried: full of numbers, the same for each. */
export class TrialTensors implements Disposable {
  #tensors: Record<string, Tensor> = {};
  #stack = new DisposableStack();

  /** Allocates and fills them. */
  constructor(private readonly device: Device, private readonly question: Question) {
    for (const [name, like] of Object.entries(question.trial.tensors)) {
      if (!like) continue;
      const tensor = this.#stack.use(device.tensor(`trial ${name}`, like.shape, like.dtype));
      this.#tensors[name] = tensor;
      this.#fill(tensor);
    }
  }

  /** Numbers in [−½, ½), or small whole ones; never 0 alone, which would be faster to work on. */
  #fill({ size, dtype, buffer }: Tensor): void {
    const values = dtype === "f32" ? new Float32Array(size) : new Uint32Array(size);
    let state = 1;
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[i] = dtype === "f32" ? state / 2 ** 32 - 0.5 : state >>> 30;
    }
    this.device.gpu.queue.writeBuffer(buffer, 0, values);
  }

  /**
   * Compiles a variant.
   *
   * @throws {ShaderError} if it does not compile
   */
  async record(variant: Variant): Promise<Recording> {
    const pass = new Pass(this.device);
    this.question.trial.run(pass, this.#tensors, variant);
    return await Recording.compile(this.device, `trial ${variant.name}`, pass);
  }

  /** Runs a recording once, on the same numbers whatever ran before, and gives the results. */
  async results(recording: Recording): Promise<ArrayBuffer[]> {
    const written = this.question.trial.results.map((name) => this.#tensors[name]);
    for (const tensor of written) this.#fill(tensor);
    recording.run();
    return await this.device.read(written);
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** What is wrong with results beside those that they should equal; undefined where nothing is. */
export function difference(
  found: readonly ArrayBuffer[],
  wanted: readonly ArrayBuffer[],
  sameBits: boolean,
): string | undefined {
  for (const [i, bytes] of wanted.entries()) {
    const [x, y] = [new Float32Array(found[i]), new Float32Array(bytes)];
    if (sameBits) {
      const [xs, ys] = [new Uint32Array(found[i]), new Uint32Array(bytes)];
      const at = ys.findIndex((bits, j) => bits !== xs[j]);
      if (at >= 0) return `element ${at} is ${x[at]}, the plain variant's is ${y[at]}`;
      continue;
    }
    const most = TOLERANCE * y.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    const at = y.findIndex((value, j) => !(Math.abs(x[j] - value) <= most));
    if (at >= 0) return `element ${at} is ${x[at]}, the plain variant's is ${y[at]}`;
  }
}
