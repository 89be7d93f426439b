/**
 * A Worker that puts load on a server, for `app_bench.ts`: it reads from bare connections, since it shares
 * the processors with the server, whose work is to be measured.
 */

/** What is asked of it. */
export interface LoadRequest {
  port: number;
  /** Clients side by side. */
  clients: number;
  /** Answers that each asks for, one after the other. */
  answers: number;
  /** The body of each request beside its prompt and its length. */
  fields: Record<string, unknown>;
  promptTokens: number;
  /** Tokens of the answers, over and over. */
  lengths: readonly number[];
}

/** What came of it. */
export interface LoadResult {
  tokens: number;
  ms: number;
  /** Milliseconds between what came of an answer. */
  gaps: number[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let nextPrompt = 0;

async function client(
  { port, answers, fields, promptTokens, lengths }: LoadRequest,
  gaps: number[],
): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(1 << 16);
  let tokens = 0;
  for (let i = 0; i < answers; i++) {
    const prompt = Array.from({ length: promptTokens }, (_, t) => (nextPrompt * 31 + t * 7) % 256);
    const max_tokens = lengths[nextPrompt++ % lengths.length];
    const body = JSON.stringify({
      ...{ ...fields, prompt, max_tokens, stream: true, stream_options: { include_usage: true } },
    });
    await connection.write(encoder.encode(
      `POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`,
    ));
    let [end, last, begun] = ["", 0, false];
    while (!end.endsWith("\r\n0\r\n\r\n")) {
      const length = await connection.read(buffer);
      if (length === null) throw new Error("The server has closed the connection");
      const text = decoder.decode(buffer.subarray(0, length));
      if (!begun && !text.startsWith("HTTP/1.1 200")) throw new Error(text);
      begun = true;
      const now = performance.now();
      if (text.includes("data: ")) {
        if (last > 0) gaps.push(now - last);
        last = now;
      }
      end = (end + text).slice(-1000);
    }
    tokens += Number(/"completion_tokens":(\d+)/.exec(end)![1]);
  }
  return tokens;
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<LoadRequest>) => void;
  postMessage(result: LoadResult): void;
};

scope.onmessage = async ({ data }) => {
  const start = performance.now();
  const gaps: number[] = [];
  const tokens = await Promise.all(Array.from({ length: data.clients }, () => client(data, gaps)));
  const ms = performance.now() - start;
  scope.postMessage({ tokens: tokens.reduce((a, b) => a + b, 0), ms, gaps });
};
