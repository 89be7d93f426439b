import { assert, assertEquals, assertMatch } from "@std/assert";
import { Served, until } from "./served.ts";

/** Sends bytes on a connection of its own and reads until it is closed. */
async function raw(port: number, text: string): Promise<{ answer: string; seconds: number }> {
  const started = performance.now();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  const answer = await new Response(connection.readable).text().catch(() => "");
  return { answer, seconds: (performance.now() - started) / 1000 };
}

function postOf(body: string, path = "/v1/completions"): string {
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`;
}

Deno.test("server: 100 posts of 5 kB go over one connection (56)", async () => {
  await using served = await Served.start();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: served.server.port });
  const request = new TextEncoder().encode(postOf(JSON.stringify({ prompt: "a".repeat(5000) })));
  const buffer = new Uint8Array(1 << 16);
  for (let i = 0; i < 100; i++) {
    await connection.write(request);
    const length = await connection.read(buffer);
    if (length === null) throw new Error(`closed after ${i}`);
    assertMatch(
      new TextDecoder().decode(buffer.subarray(0, length)),
      /^HTTP\/1.1 400 [^]*keep-alive/i,
    );
  }
});

Deno.test("server: what is no HTTP, too large or too slow is told so and closed", async () => {
  await using served = await Served.start({ limits: { requestSeconds: 1, idleSeconds: 1 } });
  const { port } = served.server;
  const start = "POST /tokenize HTTP/1.1\r\nhost: 127.0.0.1\r\n";
  const cases: [string, string, number][] = [
    ["nonsense", "NONSENSE\r\n\r\n", 400],
    ["no Host", "GET /health/live HTTP/1.1\r\n\r\n", 400],
    ["large headers", `${start}x: ${"a".repeat(32_000)}\r\n\r\n`, 431],
    ["two lengths", `${start}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`, 400],
    [
      "length and chunks",
      `${start}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["half of the headers", start, 408],
    [
      "half of the body",
      `${start}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
      408,
    ],
  ];
  await Promise.all(cases.map(async ([what, text, status]) => {
    const { answer, seconds } = await raw(port, text);
    assertMatch(answer, new RegExp(`^HTTP/1.1 ${status} `), what);
    const { error } = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
    assertEquals(Object.keys(error).sort(), ["code", "message", "param", "type"]);
    assert(seconds < 4, `${what} took ${seconds} s`);
  }));
  const idle = await raw(port, "GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
  assertMatch(idle.answer, /^HTTP\/1.1 200 /);
  assert(idle.seconds >= 1 && idle.seconds < 4, `${idle.seconds}`);
});

Deno.test("server: half-sent requests and clients that do not read hold up no one (15)", async () => {
  await using served = await Served.start({
    models: { tiny: {} },
    engine: { maxBatch: 128 },
    limits: { requestSeconds: 3, stalledSeconds: 3 },
  });
  const { port } = served.server;
  const firstToken = async () => {
    const started = performance.now();
    const fields = { model: "tiny", prompt: "a", max_tokens: 1, stream: true };
    const response = await served.post("/v1/completions", fields);
    await response.text();
    return performance.now() - started;
  };
  const median = async () => {
    const times: number[] = [];
    for (let i = 0; i < 9; i++) times.push(await firstToken());
    return times.toSorted((a, b) => a - b)[4];
  };
  await median();
  const alone = await median();
  const connections: Deno.TcpConn[] = [];
  const memory = Deno.memoryUsage().rss;
  const open = async (text: string) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connections.push(connection);
    await connection.write(new TextEncoder().encode(text));
  };
  const body = JSON.stringify({ model: "tiny", prompt: "a", max_tokens: 1, stream: true, n: 2 });
  await Promise.all(Array.from({ length: 100 }, () => open(postOf(body))));
  await until(() => served.engine.pending === 0, "the unread answers are over", 30_000);
  // More than the buffers between them hold: these streams stall, and are ended at their deadline.
  const large = JSON.stringify({
    ...{ model: "tiny", messages: [{ role: "user", content: "a" }], stream: true, n: 32 },
    ...{ max_completion_tokens: 160, ignore_eos: true, logprobs: true, top_logprobs: 20 },
  });
  await Promise.all(
    Array.from({ length: 2 }, () => open(postOf(large, "/v1/chat/completions"))),
  );
  await until(() => served.engine.pending > 0, "the large answers are under way");
  await until(() => served.engine.pending === 0, "all of them is generated", 30_000);
  await Promise.all(Array.from({ length: 100 }, () => open("POST / HTTP/1.1\r\nx:")));
  const beside = await median();
  assert(beside <= 1.5 * alone + 10, `${beside} ms beside them, ${alone} ms alone`);
  const closed = await Promise.all(
    connections.slice(102).map(async (connection) => {
      const text = await new Response(connection.readable).text().catch(() => "");
      return text.startsWith("HTTP/1.1 408");
    }),
  );
  assert(closed.every(Boolean), "each half-sent request is ended at its deadline");
  const dropped = () => served.log.filter(({ path, error }) => /chat/.test(path) && error);
  await until(() => dropped().length === 2, "the stalled streams are ended", 30_000);
  assertEquals(served.engine.pending, 0);
  const grown = (Deno.memoryUsage().rss - memory) / 2 ** 20;
  assert(grown < 200, `${grown} MiB more`);
  for (const connection of connections.slice(0, 102)) connection.close();
});

Deno.test("server: closing waits for answers under way, or ends them", async () => {
  const served = await Served.start();
  const fields = { model: "tiny", prompt: "a", max_tokens: 30, ignore_eos: true };
  const answer = served.json("/v1/completions", fields);
  await until(() => served.engine.pending > 0, "under way");
  await served.server.close();
  assertEquals((await answer).usage.completion_tokens, 30);
  await served[Symbol.asyncDispose]();
});
