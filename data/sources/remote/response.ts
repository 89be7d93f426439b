import { DataError } from "../../errors.ts";
import type { RemoteFacts } from "./file.ts";
import { parseRetryAfter, TransientError } from "./retry.ts";

/** What the answer to a request for bytes says of itself. */
export interface Answer extends RemoteFacts {
  /** Offset in the file of the body's first byte. */
  start: number;
  /** Offset after the body's last byte. @default not said */
  end?: number;
  lastModified?: string;
  contentEncoding?: string;
}

/**
 * Reads the headers of an answer.
 *
 * @param wanted offset of the first byte that was asked for
 * @throws {TransientError} where the server asks to come again
 * @throws {DataError} where it refuses, or says what cannot be
 */
export async function readAnswer(
  response: Response,
  path: string,
  wanted: number,
): Promise<Answer> {
  const { status, headers } = response;
  if (status === 416 && headers.get("content-range") === `bytes */${wanted}`) {
    return { start: wanted, end: wanted, size: wanted }; // all there is was read
  }
  if (status !== 200 && status !== 206) throw await refusal(response, path, wanted);
  const length = parseLength(headers.get("content-length"));
  const answer: Answer = {
    start: 0,
    end: length,
    size: length,
    etag: headers.get("etag") ?? undefined,
    lastModified: headers.get("last-modified") ?? undefined,
    contentEncoding: headers.get("content-encoding") ?? undefined,
  };
  if (status === 200) return answer;
  const said = headers.get("content-range") ?? "none";
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(said);
  const [start, last, size] = range?.slice(1).map((value) => parseLength(value)) ?? [];
  const whole = start === wanted && last !== undefined &&
    (length === undefined || length === last + 1 - start);
  if (!whole) {
    throw new DataError(
      `Cannot read the URL: wanted a part from byte ${wanted} on, got Content-Range ${said} with ` +
        `Content-Length ${length ?? "unknown"}; the server is at fault, fetch the file by hand`,
      path,
      wanted,
    );
  }
  return { ...answer, start, end: last + 1, size };
}

function parseLength(value: string | null): number | undefined {
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}

/** The error that an answer without data stands for. */
async function refusal(response: Response, path: string, wanted: number): Promise<Error> {
  const { status, headers } = response;
  const body = await readHead(response);
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(body)?.[1];
  const said = [status, response.statusText, code === undefined ? "" : `(${code})`]
    .filter((part) => part !== "").join(" ");
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new TransientError(
      `the server said ${said}`,
      parseRetryAfter(headers.get("retry-after")),
    );
  }
  const region = headers.get("x-amz-bucket-region") ?? /<Region>([^<]{1,100})</.exec(body)?.[1];
  const remedy = region !== null && region !== undefined && (status === 301 || status === 400)
    ? `set AWS_REGION to ${region}`
    : status === 401 || status === 403
    ? "check the address and that the keys may read it"
    : status === 416
    ? `it ends before byte ${wanted}; it was cut short or changed, start again`
    : "check the address";
  return new DataError(`Cannot read the URL: the server said ${said}; ${remedy}`, path, wanted);
}

/** The beginning of a body as text, whatever happens to the rest. */
async function readHead(response: Response): Promise<string> {
  let text = "";
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > 4096) break; // leaving the loop gives up the body
    }
  } catch {
    // The status alone says enough.
  }
  return text;
}
