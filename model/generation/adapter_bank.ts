import { AdapterFile } from "../checkpoint/mod.ts";
import { isAdapted, LORA_LAYERS } from "../config.ts";
import type { Gpt } from "../gpt/mod.ts";
import type { AdapterMemory } from "./batch_memory.ts";
import type { CheckedRequest } from "./sequence.ts";

/** An adapter that has a place. */
interface Placed {
  place: number;
  /** Tells its keys and values from those of others that had this name or place. */
  salt: string;
  /** Requests under way. */
  users: number;
  /** Whether its place is to be free once they are over. */
  removed: boolean;
}

/** An adapter in use by a request. */
export interface UsedAdapter {
  /** The request with this adapter; blocks of the cache are shared with none of another. */
  in(request: CheckedRequest): CheckedRequest;
  /** To be called once the request is over. */
  release: () => void;
}

/** Which adapters are on the GPU, and where; one that is removed stays until its requests are over. */
export class AdapterBank {
  #byName = new Map<string, Placed>();
  #free: number[];
  #count = 0;

  constructor(private readonly model: Gpt, private readonly memory: AdapterMemory) {
    this.#free = Array.from({ length: memory.sizes.count }, (_, i) => i);
  }

  /**
   * Reads an adapter to a free place.
   *
   * @throws {RangeError} if there is one of that name, no free place, or it does not fit
   * @throws {Error} if its files are missing or broken
   */
  async add(name: string, folder: string): Promise<void> {
    const fail = (problem: string): never => {
      throw new RangeError(`Cannot add the adapter ${name}: ${problem}`);
    };
    if (this.#byName.has(name)) fail("there is one of that name; remove it first");
    const place = this.#free.shift();
    if (place === undefined) {
      return fail(`all ${this.memory.sizes.count} places are taken; remove one first`);
    }
    try {
      using file = await AdapterFile.open(folder);
      await this.#write(file, place, fail);
    } catch (error) {
      this.#free.unshift(place);
      throw error;
    }
    this.#byName.set(name, { place, salt: `${this.#count++}`, users: 0, removed: false });
  }

  async #write(
    file: AdapterFile,
    place: number,
    fail: (problem: string) => never,
  ): Promise<void> {
    const { sizes: { rank: R, targets }, sites } = this.memory;
    const { rank, alpha, targets: own } = file.lora;
    if (rank > R) fail(`its rank is ${rank}, there is room for ${R}`);
    const room = { rank: R, alpha: 1, dropout: 0, targets };
    const outside = LORA_LAYERS.find((layer) =>
      isAdapted(layer, file.lora) && !isAdapted(layer, room)
    );
    if (outside) fail(`it adapts ${own.join(", ")}, there is room for ${targets.join(", ")}`);
    if (file.has("score.weight") || file.has("classifier.weight")) {
      fail("it has a head over classes; serve it as a model of its own");
    }
    await file.assertBase(this.model.parameters.reader());
    for (const [weight, { a, b }] of sites) {
      const [inner, outer] = weight.shape;
      const name = weight.label.replace(/[.]weight$/, "");
      const [low, high] = [new Float32Array(R * inner), new Float32Array(outer * R)];
      if (file.has(`${name}.lora_A.weight`)) {
        const [ownA, ownB] = await Promise.all(
          ["A", "B"].map((half) => file.read(`${name}.lora_${half}.weight`)),
        );
        if (ownA.length !== rank * inner || ownB.length !== outer * rank) {
          fail(`${name} of it has another shape; it is for another model`);
        }
        low.set(ownA);
        for (let o = 0; o < outer; o++) {
          for (let r = 0; r < rank; r++) high[o * R + r] = alpha / rank * ownB[o * rank + r];
        }
      }
      a.view(place * low.length, [low.length]).write(low);
      b.view(place * high.length, [high.length]).write(high);
    }
  }

  /** @throws {RangeError} if there is no adapter of that name */
  use(name: string): UsedAdapter {
    const placed = this.#byName.get(name);
    if (!placed) throw new RangeError(`Cannot generate: there is no adapter ${name}`);
    placed.users++;
    let released = false;
    return {
      in: (request) => ({
        ...request,
        adapter: placed.place,
        cacheSalt: JSON.stringify([placed.salt, request.cacheSalt]),
      }),
      release: () => {
        if (released) return;
        released = true;
        placed.users--;
        this.#freeIfDone(placed);
      },
    };
  }

  /** Takes a name away. */
  remove(name: string): void {
    const placed = this.#byName.get(name)!;
    this.#byName.delete(name);
    placed.removed = true;
    this.#freeIfDone(placed);
  }

  #freeIfDone({ removed, users, place }: Placed): void {
    if (removed && users === 0) this.#free.push(place);
  }
}
