import manifest from "../../deno.json" with { type: "json" };
import type { Usage } from "./run.ts";
import { serverSentEvent } from "./event_stream.ts";

/** What every chunk of a stream has in common. */
export interface ChunkHead {
  id: string;
  object: string;
  /** Seconds since 1970. */
  created: number;
  model: string;
}

/** Options of {@linkcode ChunkWriter}, as `stream_options` has them. */
export interface ChunkOptions {
  /** Whether every chunk has the key `usage`, and a last one its numbers. @default false */
  include_usage?: boolean | null;
  /** Whether chunks are padded, so that their sizes don't tell their texts. @default false */
  include_obfuscation?: boolean | null;
}

/**
 * What a choice and its padding have together is a multiple of so many bytes: more than the tokens of
 * one readback take, so that chunks differ in size only where log-probabilities come along.
 */
const PADDED_TO = 512;

/** Writes chunks; what they have in common is turned into JSON once. */
export class ChunkWriter {
  readonly #head: string;
  readonly #usage: string;

  constructor(head: ChunkHead, private readonly options: ChunkOptions) {
    this.#head = JSON.stringify({ ...head, system_fingerprint: SYSTEM_FINGERPRINT }).slice(0, -1);
    this.#usage = options.include_usage ? ',"usage":null' : "";
  }

  /**
   * The event of a chunk with one choice.
   *
   * @param choice its JSON
   */
  choice(choice: string): string {
    const chunk = `${this.#head},"choices":[${choice}]${this.#usage}`;
    if (!this.options.include_obfuscation) return serverSentEvent(chunk + "}");
    const bytes = new TextEncoder().encode(choice).length;
    const padding = randomText(PADDED_TO - bytes % PADDED_TO);
    return serverSentEvent(`${chunk},"obfuscation":"${padding}"}`);
  }

  /** The event of the last chunk, empty unless it was asked for. */
  usage(usage: Usage): string {
    if (!this.options.include_usage) return "";
    return serverSentEvent(`${this.#head},"choices":[],"usage":${JSON.stringify(usage)}}`);
  }
}

/** Names the code that made an answer: with the same one and a seed the answer is the same. */
export const SYSTEM_FINGERPRINT: string = `quern-${manifest.version}`;

function randomText(length: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (b) => letters[b % 64]).join(
    "",
  );
}
