import { MOST_TOP, Readback, type Recording, type Tensor } from "../../kernels/mod.ts";
import type { Gpt } from "../gpt/mod.ts";
import { type BatchMemory, type BatchSizes, createBatchMemory } from "./batch_memory.ts";
import { SCRAP_BLOCK } from "./block_pool.ts";
import { bucketOf } from "./buckets.ts";
import { LAUNCHES, type LaunchName } from "./launches.ts";
import type { Flight, Scores, Step, StepResult } from "./step.ts";

/** What the steps of a submission may take together: words of their rows and picks, bytes of results. */
interface Room {
  words: number;
  bytes: number;
}

/** The room of a submission, unless one step may need more. */
const ROOM: Room = { words: 2 ** 18, bytes: 2 ** 22 };

/**
 * The GPU's part of generation: runs steps over a cache in blocks, several in one submission. Each is padded
 * to one of few sizes, whose launches are recorded when first needed. Rows find their sequence by its slot;
 * tokens that a step chose are read by the next one on the GPU.
 */
export class Batch implements Disposable {
  /** The tensors that the host writes. */
  readonly memory: BatchMemory;
  #stack = new DisposableStack();
  #recordings = new Map<string, Recording>();
  #room: Room;
  #script: Tensor;
  /** Two, since one is read while the other is filled. */
  #readbacks: Readback[];

  /**
   * Allocates what steps need.
   *
   * @throws {GpuError} if the adapter allows no buffer of a tensor's size
   */
  constructor(readonly model: Gpt, readonly sizes: BatchSizes) {
    const { device } = model;
    this.memory = this.#stack.use(createBatchMemory(model, sizes));
    const most = this.#largest();
    this.#room = {
      words: Math.max(ROOM.words, most.words),
      bytes: Math.max(ROOM.bytes, most.bytes),
    };
    const { words, bytes } = this.#room;
    this.#script = this.#stack.use(device.tensor("script", [words], "u32"));
    this.#readbacks = [0, 1].map(() => this.#stack.use(new Readback(device, bytes)));
  }

  /** Whether another step, however large, can be submitted together with these. */
  hasRoom(steps: readonly Step[]): boolean {
    const total = this.#largest();
    for (const { rows, picks, prompt, scores, pooled } of steps) {
      const scored = prompt.tokens.length + (scores ? picks.length / 4 : 0);
      const used = this.#needs(rows.length / 4, picks.length / 4, scored, pooled.length);
      total.words += used.words;
      total.bytes += used.bytes;
    }
    return total.words <= this.#room.words && total.bytes <= this.#room.bytes;
  }

  /** What the largest step needs. */
  #largest(): Room {
    const { rows, slots } = this.sizes;
    return this.#needs(rows, slots, rows + slots, slots);
  }

  #needs(rows: number, picks: number, scores: number, pooled: number): Room {
    const { channels } = this.model.config;
    return {
      // Padding less than doubles a size of over 4 rows.
      words: 2 * (4 * (rows + 4) + 5 * (picks + 4) + 6 * (scores + 4)),
      bytes: 4 * picks + 8 * (1 + MOST_TOP) * scores + 4 * channels * pooled,
    };
  }

  /** Hands steps over to the GPU, where they run after those of earlier calls. */
  async submit(steps: readonly Step[]): Promise<Flight> {
    const { gpu } = this.model.device;
    const plans = steps.map((step) => new StepPlan(step, this.sizes));
    await this.#record(plans.flatMap((plan) => plan.launches));
    const begun = performance.now();
    const readback = this.#readbacks.reverse()[0];
    const script: number[] = [];
    const encoder = gpu.createCommandEncoder({ label: "steps" });
    const readers = plans.map((plan) => this.#encode(plan, encoder, script, readback));
    const words = Uint32Array.from(script);
    gpu.queue.writeBuffer(this.#script.buffer, this.#script.offsetBytes, words);
    const commands = encoder.finish();
    const submittedAt = performance.now();
    gpu.queue.submit([commands]);
    return {
      encodeMs: submittedAt - begun,
      submittedAt,
      async results() {
        const bytes = await readback.read();
        return readers.map((read) => read(bytes));
      },
    };
  }

  /** Writes down those launches that are new. */
  async #record(launches: Launch[]): Promise<void> {
    for (const { name, size } of launches) {
      const key = `${name} ${size}`;
      if (this.#recordings.has(key)) continue;
      const { device } = this.model;
      const recording = await device.record(key, (pass) => LAUNCHES[name](pass, this, size));
      this.#recordings.set(key, this.#stack.use(recording));
    }
  }

  /** Adds a step to the commands; returns what reads its results. */
  #encode(
    plan: StepPlan,
    encoder: GPUCommandEncoder,
    script: number[],
    readback: Readback,
  ): (bytes: ArrayBuffer) => StepResult {
    const { ids, logprobs, chosen, sums } = this.memory;
    const width = 1 + MOST_TOP;
    const chosenAt: number[] = [];
    const scoresAt: { at: number; rows: number; prompt: boolean }[] = [];
    for (const { writes, launches, rows, reads } of plan.parts) {
      for (const [name, words] of writes) {
        const { buffer } = this.memory[name];
        encoder.copyBufferToBuffer(
          this.#script.buffer,
          4 * script.length,
          buffer,
          0,
          4 * words.length,
        );
        for (const word of words) script.push(word);
      }
      const pass = encoder.beginComputePass({ label: "step" });
      for (const { name, size } of launches) this.#recordings.get(`${name} ${size}`)!.encode(pass);
      pass.end();
      if (reads.chosen) chosenAt.push(readback.copy(encoder, chosen, rows));
      if (reads.scores) {
        const at = readback.copy(encoder, ids, rows * width);
        readback.copy(encoder, logprobs, rows * width);
        scoresAt.push({ at, rows, prompt: reads.scores === "prompt" });
      }
    }
    const C = this.model.config.channels;
    const pooledAt = plan.step.pooled.map((slot) =>
      readback.copy(encoder, sums.view(slot * C, [C]))
    );
    return (bytes) => {
      const scores = (prompt: boolean): Scores => {
        const parts = scoresAt.filter((part) => part.prompt === prompt);
        const take = <A extends Uint32Array | Float32Array>(
          Type: new (bytes: ArrayBuffer, at: number, length: number) => A,
          second: number,
        ) =>
          parts.flatMap(({ at, rows }) => [
            ...new Type(bytes, at + second * 4 * rows * width, rows * width),
          ]);
        return {
          ids: Uint32Array.from(take(Uint32Array, 0)),
          logprobs: Float32Array.from(take(Float32Array, 1)),
        };
      };
      return {
        chosen: new Uint32Array(bytes, chosenAt[0] ?? 0, plan.step.picks.length / 4),
        scores: scores(false),
        prompt: scores(true),
        pooled: pooledAt.map((at) => new Float32Array(bytes, at, C)),
      };
    };
  }

  /** Frees all memory. */
  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

interface Launch {
  name: LaunchName;
  size: number;
}

type Written = "rows" | "picks" | "pickRows" | "targets";

/** A compute pass with what is written before and read behind it. */
interface Part {
  writes: [Written, number[]][];
  launches: Launch[];
  /** Rows of `reads`. */
  rows: number;
  reads: { chosen?: boolean; scores?: "picks" | "prompt" };
}

/** A step as launches of recorded sizes. */
class StepPlan {
  readonly parts: Part[];

  constructor(readonly step: Step, { slots, rows: most }: BatchSizes) {
    const { rows, picks, prompt, pools, scores, adjusts } = step;
    const n = rows.length / 4;
    const N = Math.min(bucketOf(n), most);
    const R = bucketOf(slots);
    const first: Part = {
      writes: [["rows", padded(rows, N, [slots, 0, 0, SCRAP_BLOCK])]],
      launches: [{ name: "forward", size: N }],
      rows: 0,
      reads: {},
    };
    this.parts = [first];
    if (pools.length > 0) first.launches.push({ name: "pool", size: N });
    for (let start = 0; start < prompt.tokens.length; start += R) {
      const count = Math.min(R, prompt.tokens.length - start);
      const size = Math.min(bucketOf(count), R);
      const chosen = prompt.picks.slice(4 * start, 4 * (start + count));
      this.parts.push({
        writes: [
          ...pickWrites(chosen, size, slots),
          ["targets", padded(prompt.tokens.slice(start, start + count), size, [0])],
        ],
        launches: (["pickedHead", "scorePrompt"] as const).map((name) => ({ name, size })),
        rows: count,
        reads: { scores: "prompt" },
      });
    }
    if (picks.length === 0) return;
    const count = picks.length / 4;
    // Where each row is picked, in order, there is nothing to gather.
    const whole = count === n && N <= R && picks.every((row, i) => i % 4 > 0 || row === i / 4);
    const size = whole ? N : Math.min(bucketOf(count), R);
    const part: Part = whole && prompt.tokens.length === 0
      ? first
      : { writes: [], launches: [], rows: 0, reads: {} };
    if (part !== first) this.parts.push(part);
    part.writes.push(...pickWrites(picks, size, slots).slice(0, whole ? 1 : 2));
    const names: LaunchName[] = [
      whole ? "head" : "pickedHead",
      ...(adjusts ? ["adjust", "sampleAdjusted"] as const : ["sample"] as const),
      ...(scores ? ["score"] as const : []),
    ];
    part.launches.push(...names.map((name) => ({ name, size })));
    part.rows = count;
    part.reads = { chosen: true, ...(scores ? { scores: "picks" } : {}) };
  }

  get launches(): Launch[] {
    return this.parts.flatMap(({ launches }) => launches);
  }
}

function pickWrites(picks: number[], size: number, scrap: number): [Written, number[]][] {
  const rows = picks.filter((_, i) => i % 4 === 0);
  return [
    ["picks", padded(picks, size, [0, scrap, 0, 0])],
    ["pickRows", padded(rows, size, [0])],
  ];
}

/** Repeats `filler` behind `words` until there are `count` groups of its length. */
function padded(words: number[], count: number, filler: number[]): number[] {
  const result = words.slice();
  while (result.length < count * filler.length) result.push(...filler);
  return result;
}
