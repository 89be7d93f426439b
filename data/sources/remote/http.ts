import { DataError } from "../../errors.ts";
import type { ByteRange, RemoteFacts, RemoteFile, RemoteOptions } from "./file.ts";
import { type Answer, readAnswer } from "./response.ts";
import { Retries, TransientError, within } from "./retry.ts";

/** Options of {@linkcode openUrl}. */
export interface OpenUrlOptions extends RemoteOptions, RemoteFacts {
  /** What errors call the file. @default the URL without passwords and signatures */
  path?: string;
  /** Makes the request, anew for each try. @default `new Request(url)` */
  prepare?: (url: URL) => Promise<Request>;
}

/**
 * A file behind `http://` or `https://`. Nothing is sent before it is opened. Where `size` and
 * `etag` are given, a file that differs is an error, and so is one that changes while it is read,
 * as far as the server sends `ETag` or `Last-Modified`. Servers that can't send parts are asked for
 * the whole again, and what was read already is passed over.
 *
 * @throws {TypeError} where it is no URL of http or https
 * @example
 * ```ts
 * import { openUrl } from "@quern/quern";
 * const fetch = () => Promise.resolve(new Response("some text"));
 * const file = openUrl("https://example.org/some.txt", { fetch });
 * console.log(await new Response(file.open()).text());
 * ```
 */
export function openUrl(address: string, options: OpenUrlOptions = {}): RemoteFile {
  const url = parseUrl(address);
  const { path = publicUrl(url), prepare = request } = options;
  const { timeoutMs = 60_000, fetch = globalThis.fetch } = options;
  const known: Partial<Answer> = { size: options.size, etag: options.etag };

  /** Sends one request and compares what the server says with what it said before. */
  async function ask(
    start: number,
    end: number | undefined,
    attempt: AbortController,
    life: AbortSignal,
  ) {
    life.throwIfAborted();
    const prepared = await prepare(url);
    const { headers } = prepared;
    headers.set("accept-encoding", "identity");
    if (start > 0 || end !== undefined) {
      headers.set("range", `bytes=${start}-${end === undefined ? "" : end - 1}`);
      const version = known.etag?.startsWith('"') ? known.etag : known.lastModified;
      if (version !== undefined) headers.set("if-range", version);
    }
    const signal = AbortSignal.any([attempt.signal, life]);
    const sent = fetch(new Request(prepared, { signal }));
    const response = await within(sent, timeoutMs, attempt);
    const answer = await within(readAnswer(response, path, start), timeoutMs, attempt);
    learn(answer, start);
    return { answer, body: response.status === 416 ? emptyBody() : response.body ?? emptyBody() };
  }

  function learn(answer: Answer, byteOffset: number): void {
    for (const fact of ["size", "etag", "lastModified", "contentEncoding"] as const) {
      const [before, now] = [known[fact], answer[fact]];
      if (now === undefined) continue;
      // Behind a load balancer the same version may have several dates.
      const same = fact === "lastModified" && known.etag !== undefined && answer.etag !== undefined;
      if (before !== undefined && !same && weak(before) !== weak(now)) {
        throw new DataError(
          `Cannot read the URL: the file changed, its ${LABELS[fact]} was ${before} and now is ` +
            `${now}; start again`,
          path,
          byteOffset,
        );
      }
      Object.assign(known, { [fact]: before ?? now });
    }
  }

  async function* read(range: ByteRange, life: AbortSignal): AsyncGenerator<Uint8Array> {
    const retries = new Retries(path, options);
    let at = range.start ?? 0;
    while (at < Math.min(range.end ?? Infinity, known.size ?? Infinity)) {
      const attempt = new AbortController();
      try {
        const { answer, body } = await ask(at, range.end, attempt, life);
        let here = answer.start;
        const reader = body.getReader();
        const last = Math.min(range.end ?? Infinity, answer.end ?? Infinity);
        for (;;) {
          const next = reader.read().catch((cause) => {
            throw dropped(here, answer, cause);
          });
          const { done, value } = await within(next, timeoutMs, attempt);
          if (done) break;
          const from = Math.max(at - here, 0);
          here += value.length;
          if (here > (answer.end ?? Infinity)) throw tooLong(path, answer);
          const chunk = value.subarray(from, value.length - Math.max(here - last, 0));
          if (chunk.length > 0) {
            at += chunk.length;
            retries.reset();
            yield chunk;
          }
          if (here >= last && range.end !== undefined) return;
        }
        if (here < last && answer.end !== undefined) throw dropped(here, answer);
        return;
      } catch (error) {
        await retries.wait(error, at, life);
      } finally {
        attempt.abort();
      }
    }
  }

  return {
    path,
    get size() {
      return known.size;
    },
    get etag() {
      return known.etag;
    },
    get contentEncoding() {
      return known.contentEncoding;
    },
    open(range = {}) {
      return streamOf((life) => read(range, life), options.signal);
    },
    async stat() {
      const life = options.signal ?? new AbortController().signal;
      const retries = new Retries(path, options);
      for (;;) {
        const attempt = new AbortController();
        try {
          await ask(0, undefined, attempt, life);
          return;
        } catch (error) {
          await retries.wait(error, 0, life);
        } finally {
          attempt.abort(); // the answer's head is all that was wanted
        }
      }
    },
  };
}

const LABELS = {
  size: "size in bytes",
  etag: "ETag",
  lastModified: "Last-Modified",
  contentEncoding: "Content-Encoding",
};

/** The generator's values as a stream; the signal or cancelling the stream ends its `life`. */
function streamOf(
  read: (life: AbortSignal) => AsyncGenerator<Uint8Array>,
  signal?: AbortSignal,
): ReadableStream<Uint8Array> {
  const cancelled = new AbortController();
  const chunks = read(AbortSignal.any(signal ? [signal, cancelled.signal] : [cancelled.signal]));
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      cancelled.abort(reason);
      await chunks.return(undefined).catch(() => {}); // a read under way ends with the reason
    },
  }, { highWaterMark: 0 });
}

function dropped(got: number, { end }: Answer, cause?: Error): TransientError {
  const announced = end === undefined ? "" : ` of ${end}`;
  const why = cause === undefined ? "" : ` (${cause.message})`;
  return new TransientError(`the connection ended after ${got}${announced} bytes${why}`, 0, {
    cause,
  });
}

function tooLong(path: string, { start, end = 0 }: Answer): DataError {
  return new DataError(
    `Cannot read the URL: wanted the ${end - start} bytes that the server had announced, got ` +
      "more; the server is at fault, fetch the file by hand",
    path,
    end,
  );
}

function emptyBody(): ReadableStream<Uint8Array> {
  return ReadableStream.from<Uint8Array>([]);
}

/** An ETag compared as RFC 9110 (8.8.3.2) calls weak: gzip on the way weakens it. */
function weak(value: string | number): string {
  return String(value).replace(/^W\//, "");
}

function parseUrl(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`Cannot open a URL: wanted http:// or https://, got ${address}`);
  }
  return url;
}

/** Moves a name and password from the URL into a header, where servers look for them. */
function request(url: URL): Promise<Request> {
  const bare = new URL(url);
  bare.username = bare.password = "";
  const made = new Request(bare);
  if (url.username !== "") {
    const pair = [url.username, url.password].map(decodeURIComponent).join(":");
    made.headers.set("authorization", `Basic ${new TextEncoder().encode(pair).toBase64()}`);
  }
  return Promise.resolve(made);
}

/** The URL as it may stand in logs and manifests. */
function publicUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = shown.password = shown.hash = "";
  for (const name of [...shown.searchParams.keys()]) {
    if (/sig|token|credential|key|secret|password/i.test(name)) {
      shown.searchParams.set(name, "hidden");
    }
  }
  return shown.href;
}
