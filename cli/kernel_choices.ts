/** The variants of kernels that were chosen on this machine, in the user's cache folder. */
import { join } from "@std/path";
import {
  type ChoiceTable,
  Device,
  giveUpWrongVariants,
  type WrongVariant,
} from "../kernels/mod.ts";
import { defineOptions } from "./options.ts";

/** Which variants of its kernels a command may use. */
export const TUNE_OPTION = defineOptions({
  tune: {
    type: "string",
    choices: ["cached", "full", "off"],
    default: "cached",
    help:
      "Variants of kernels: those that give the same bits, measured while training and kept in the " +
      "cache; full, measured first, also with sums in another order, which changes the last digits; " +
      "off, the defaults. A default that computes wrong on this adapter is never used.",
  },
});

/** `cached`, `full` or `off`. */
export type TuneMode = "cached" | "full" | "off";

/** Version of the file's format; files of another are ignored. */
const VERSION = 1;

/** What the file of an adapter holds. */
interface CacheFile {
  version: number;
  /** What the choices are for, to be read by people; the file's name tells it to the program. */
  adapter: string;
  deno: string;
  /** Variants that give the defaults' bits. */
  cached: ChoiceTable;
  /** Variants of any order. */
  full: ChoiceTable;
  /** Defaults that compute wrong; absent until they were checked. */
  wrong?: WrongVariant[];
}

/** Options of {@linkcode ChoiceCache}. */
export interface ChoiceCacheOptions {
  /** The folder. @default `quern` in the user's cache folder */
  folder?: string;
  /** Takes a warning. @default standard error */
  warn?: (text: string) => void;
}

/**
 * The choices for one adapter with its driver, features and limits, and this version of Deno. What is
 * written is there whole or not at all; where nothing can be read or written, choices are lost with the
 * process.
 */
export class ChoiceCache {
  #warn: (text: string) => void;

  private constructor(
    private readonly device: Device,
    /** Where the choices are; undefined where there is no cache folder. */
    readonly path: string | undefined,
    options: ChoiceCacheOptions,
  ) {
    this.#warn = options.warn ?? ((text) => console.error(text));
  }

  /** Finds the file of a device; reads nothing yet. */
  static async of(device: Device, options: ChoiceCacheOptions = {}): Promise<ChoiceCache> {
    const folder = options.folder ?? cacheFolder();
    const path = folder && join(folder, `kernels-${await fingerprint(device)}.json`);
    return new ChoiceCache(device, path, options);
  }

  /** The choices of a mode; none where nothing is cached. A file that cannot be used is told of. */
  async read(mode: Exclude<TuneMode, "off">): Promise<ChoiceTable> {
    return (await this.#readFile())?.[mode] ?? { orders: {}, variants: {} };
  }

  /** Adds the device's choices to those of a mode. */
  async add(mode: Exclude<TuneMode, "off">): Promise<void> {
    const { orders, variants } = this.device.choices.table;
    await this.#change((file) => {
      Object.assign(file[mode].orders, orders);
      Object.assign(file[mode].variants, variants);
    });
  }

  /**
   * Has the device give up the variants that compute wrong on its adapter, with a warning for each. They
   * are looked for once, which takes half a second to three on software, and known from then on.
   *
   * @throws {GpuError} if all variants of an op are wrong
   */
  async giveUpWrong(): Promise<void> {
    const known = (await this.#readFile())?.wrong;
    for (const { label } of known ?? []) this.device.choices.drop(label);
    const wrong = known ?? await giveUpWrongVariants(this.device);
    for (const { label, fault } of wrong) {
      this.#warn(`Not using ${label} on this adapter: ${fault}`);
    }
    if (!known) await this.#change((file) => file.wrong = wrong);
  }

  async #change(change: (file: CacheFile) => void): Promise<void> {
    if (!this.path) return;
    const file = await this.#readFile() ?? {
      version: VERSION,
      adapter: this.device.adapter.info.description,
      deno: Deno.version.deno,
      cached: { orders: {}, variants: {} },
      full: { orders: {}, variants: {} },
    };
    change(file);
    const partial = `${this.path}.${crypto.randomUUID()}.partial`;
    try {
      await Deno.mkdir(join(this.path, ".."), { recursive: true });
      await Deno.writeTextFile(partial, JSON.stringify(file, null, 2) + "\n");
      await Deno.rename(partial, this.path);
    } catch {
      // A folder that cannot be written to keeps the choices from no one but the next process.
      await Deno.remove(partial).catch(() => {});
    }
  }

  async #readFile(): Promise<CacheFile | undefined> {
    if (!this.path) return undefined;
    const text = await Deno.readTextFile(this.path).catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      const file = JSON.parse(text) as CacheFile;
      const whole = isTable(file.cached) && isTable(file.full) && areWrong(file.wrong ?? []);
      if (file.version === VERSION && whole) return file;
    } catch {
      // Told of below.
    }
    this.#warn(`Ignoring the choices of kernels in ${this.path}: the file is damaged.`);
  }
}

/**
 * Opens the GPU for a command whose ops have variants, without those that compute wrong on it.
 *
 * @throws {GpuError} if there is no adapter, or all variants of an op are wrong
 */
export async function openDevice(): Promise<Device> {
  const device = await Device.open();
  try {
    await (await ChoiceCache.of(device)).giveUpWrong();
  } catch (error) {
    device[Symbol.dispose]();
    throw error;
  }
  return device;
}

/** Checks that something read from a file is a table. */
export function isTable(value: unknown): value is ChoiceTable {
  const table = value as ChoiceTable | undefined;
  return [table?.orders, table?.variants].every((part) =>
    typeof part === "object" && part !== null &&
    Object.values(part).every((name) => typeof name === "string")
  );
}

function areWrong(value: unknown): value is WrongVariant[] {
  return Array.isArray(value) &&
    value.every((each) => typeof each?.label === "string" && typeof each?.fault === "string");
}

/** The folder for what can be made anew, as each system has it; undefined where it may not be asked for. */
function cacheFolder(): string | undefined {
  const read = (name: string) =>
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted"
      ? Deno.env.get(name)
      : undefined;
  const home = read("HOME");
  const folder = {
    windows: () => read("LOCALAPPDATA"),
    darwin: () => home && join(home, "Library", "Caches"),
  }[Deno.build.os as string] ??
    (() => read("XDG_CACHE_HOME") ?? (home && join(home, ".cache")));
  const base = folder();
  return base && join(base, "quern");
}

/** A name for the adapter, its features and limits, and this version of Deno. */
async function fingerprint({ adapter, gpu }: Device): Promise<string> {
  const { vendor, architecture, device, description } = adapter.info;
  const limits: Record<string, number> = {};
  for (const name of Object.keys(Object.getOwnPropertyDescriptors(GPUSupportedLimits.prototype))) {
    const value = (gpu.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === "number") limits[name] = value;
  }
  const facts = JSON.stringify([
    ...[vendor, architecture, device, description, Deno.version.deno],
    [...gpu.features].sort(),
    limits,
  ]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(facts));
  return new Uint8Array(hash).slice(0, 8).toHex();
}
