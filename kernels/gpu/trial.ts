import type { Question, Variant } from "./choices.ts";
import type { Device } from "./device.ts";
import { Pass, Recording } from "./recording.ts";
import { HOST_ARRAYS, sizeOf, type Tensor, type TensorData, widthOf } from "./tensor.ts";

/** Most bytes that the tensors of a trial may take. */
const MOST_BYTES = 2 ** 30;

/** Largest difference from the plain variant's result, as a share of that result's largest element. */
const TOLERANCE = 1e-3;

/** Whether the tensors of a question are small enough to be made a second time. */
export function canTry({ trial }: Question): boolean {
  const sizes = Object.values(trial.tensors).map((tensor) =>
    tensor ? widthOf(tensor.dtype) * sizeOf(tensor.shape) : 0
  );
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
    const values = new HOST_ARRAYS[dtype](size);
    const fraction = dtype === "f32" || dtype === "f16";
    let state = 1;
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[i] = fraction ? state / 2 ** 32 - 0.5 : state >>> 30;
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
  async results(recording: Recording): Promise<TensorData[]> {
    const written = this.question.trial.results.map((name) => this.#tensors[name]);
    for (const tensor of written) this.#fill(tensor);
    recording.run();
    return (await this.device.read(written))
      .map((bytes, i) => new HOST_ARRAYS[written[i].dtype](bytes));
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** What is wrong with results beside those that they should equal; undefined where nothing is. */
export function difference(
  found: readonly TensorData[],
  wanted: readonly TensorData[],
  sameBits: boolean,
): string | undefined {
  for (const [i, y] of wanted.entries()) {
    const x = found[i];
    if (sameBits) {
      const at = y.findIndex((value, j) => !Object.is(value, x[j]));
      if (at >= 0) return `element ${at} is ${x[at]}, the plain variant's is ${y[at]}`;
      continue;
    }
    const most = TOLERANCE *
      Array.from(y).reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    const at = y.findIndex((value, j) => !(Math.abs(x[j] - value) <= most));
    if (at >= 0) return `element ${at} is ${x[at]}, the plain variant's is ${y[at]}`;
  }
}
