/** Options of reading from a server. */
export interface RemoteOptions {
  /** Tries after the first one that may pass without a new byte. @default 6 */
  retries?: number;
  /**
   * Wait before the second try, in milliseconds; doubled for each further one up to 30 s, each cut
   * by chance to between its half and its whole. @default 500
   */
  backoffMs?: number;
  /** Longest wait for the server's next bytes, in milliseconds. @default 60000 */
  timeoutMs?: number;
  /** Gives up all that is under way. @default never */
  signal?: AbortSignal;
  /** Sends the requests. @default the global `fetch` */
  fetch?: (request: Request) => Promise<Response>;
}

/** A part of a file. */
export interface ByteRange {
  /** Offset of the first byte. @default 0 */
  start?: number;
  /** Offset after the last byte. @default the end of the file */
  end?: number;
}

/** What a server says of a file. */
export interface RemoteFacts {
  /** Bytes in all. @default not known */
  size?: number;
  /** Names the file's version. @default not known */
  etag?: string;
}

/** A file on a server, read when it is opened. */
export interface RemoteFile extends Readonly<RemoteFacts> {
  /** The URL as the user wrote it, without passwords and signatures. */
  readonly path: string;
  /** How the bytes come compressed (`br`, `gzip`); known once the server has answered. */
  readonly contentEncoding?: string;
  /**
   * Streams the bytes. A dropped connection is taken up at the byte reached, as often as it takes.
   *
   * @throws {DataError} in the stream, where the server refuses, stays silent, lies about the
   * length or has another version of the file by now
   */
  open(range?: ByteRange): ReadableStream<Uint8Array>;
  /**
   * Asks the server for size, version and encoding.
   *
   * @throws {DataError} where the server refuses or stays silent
   */
  stat(): Promise<void>;
}
