import type { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";

/** A key that opens the server. */
export interface ApiKey {
  /** The secret. */
  key: string;
  /** What the log calls its owner. @default the key's place in the list, such as `key-1` */
  name?: string;
}

/** Who asks. */
export interface Client {
  /** What the log calls it. */
  name: string;
  /** Only requests of one salt share cached blocks; no secret can be found from it. */
  salt: string;
}

/** Whoever asks where there are no keys. */
export const ANONYMOUS: Client = { name: "anonymous", salt: "" };

/** Shortest key that is taken, in characters. */
const MIN_LENGTH = 8;

/**
 * Reads keys, one a line, each with a name behind it if it has one: `sk-3f9a… alice`. Empty lines and
 * lines that begin with `#` are none.
 *
 * @throws {SyntaxError} naming the line that holds no key
 */
export function parseKeys(text: string): ApiKey[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const [key, name, ...rest] = line.trim().split(/\s+/);
    if (key === "" || key.startsWith("#")) return [];
    if (key.length < MIN_LENGTH || !/^[!-~]+$/.test(key) || rest.length > 0) {
      throw new SyntaxError(
        `Cannot read the keys: line ${i + 1} must be a key of at least ${MIN_LENGTH} printable ` +
          "characters and, behind a space, one word as its name",
      );
    }
    return [{ key, name: name ?? `key-${i + 1}` }];
  });
}

/** Compares keys in a time that tells nothing of them. */
export class KeyRing {
  readonly #keys: readonly { digest: Buffer; client: Client }[];

  /** Keeps the keys' SHA-256, not the keys. */
  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys.map(({ key, name }, i) => {
      const digest = digestOf(key);
      return { digest, client: { name: name ?? `key-${i + 1}`, salt: digest.toString("hex") } };
    });
  }

  /** Number of keys. */
  get size(): number {
    return this.#keys.length;
  }

  /** The owner of `key`; undefined where it is none of the keys. */
  clientOf(key: string): Client | undefined {
    const digest = digestOf(key);
    // Every key is looked at, so that the time does not tell which one it was.
    const equal = this.#keys.filter((each) => timingSafeEqual(each.digest, digest));
    return equal[0]?.client;
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
