import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataError } from "../../../../data/errors.ts";
import { openUrl, type OpenUrlOptions } from "../../../../data/sources/remote/mod.ts";

const FILE = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 24);
const ETAG = '"one"';

/** A server on loopback: the handler sees the number of the request and where it starts. */
async function serving<T>(
  handler: (request: { count: number; start: number; headers: Headers }) => Response,
  body: (url: string, requests: Headers[]) => Promise<T>,
): Promise<T> {
  const requests: Headers[] = [];
  const stop = new AbortController(); // a shutdown would wait for the answers that never end
  const options = { port: 0, hostname: "127.0.0.1", onListen() {}, signal: stop.signal };
  const server = Deno.serve(options, (request) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    requests.push(request.headers);
    return handler({ count: requests.length, start, headers: request.headers });
  });
  try {
    return await body(`http://127.0.0.1:${server.addr.port}/corpus.txt`, requests);
  } finally {
    stop.abort();
    await server.finished;
  }
}

/** The bytes from `start` on, whole or dropped after `bytes`. */
function part(start: number, { bytes = Infinity, etag = ETAG, headers = {} } = {}): Response {
  const body = FILE.subarray(start);
  return new Response(streaming(body.subarray(0, bytes)), {
    status: start > 0 ? 206 : 200,
    headers: {
      "content-length": `${body.length}`,
      ...(start > 0 && { "content-range": `bytes ${start}-${FILE.length - 1}/${FILE.length}` }),
      etag,
      ...headers,
    },
  });
}

function streaming(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      if (bytes.length > 0) controller.enqueue(bytes.slice(0, 50_000));
      bytes = bytes.subarray(50_000);
      // Fewer bytes than announced: the server can but drop the connection.
      if (bytes.length === 0) controller.close();
    },
  });
}

/** Answers with these very bytes, whatever is asked. */
async function answering(
  answer: string,
  body: (url: string) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const served = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(answer.replaceAll("\n", "\r\n")));
      connection.close();
    }
  })();
  await body(`http://127.0.0.1:${listener.addr.port}/`);
  listener.close();
  await served;
}

const read = async (url: string, options?: OpenUrlOptions) =>
  new Uint8Array(
    await new Response(openUrl(url, { backoffMs: 1, ...options }).open()).arrayBuffer(),
  );

const rejects = (url: string, message: string, offset: number, options?: OpenUrlOptions) =>
  assertRejects(() => read(url, options), DataError, message)
    .then((error: unknown) => assertEquals((error as DataError).byteOffset, offset));

Deno.test("openUrl takes up a dropped connection at the byte it reached", () =>
  serving(({ start }) => part(start, { bytes: 100_000 }), async (url, requests) => {
    assertEquals(await read(url, { retries: 1 }), FILE);
    assertEquals(requests.map((each) => each.get("range")), [
      null,
      "bytes=100000-",
      "bytes=200000-",
    ]);
    assertEquals(requests.map((each) => each.get("if-range")), [null, ETAG, ETAG]);
    assertEquals(new Set(requests.map((each) => each.get("accept-encoding"))).size, 1);
    assertEquals(requests[0].get("accept-encoding"), "identity");
  }));

Deno.test("openUrl passes over what it has where the server sends no parts", () =>
  serving(
    ({ count }) => part(0, { bytes: count === 1 ? 100_000 : count === 2 ? 250_000 : Infinity }),
    async (url, requests) => {
      assertEquals(await read(url), FILE);
      assertEquals(requests.length, 3);
    },
  ));

Deno.test("openUrl: a file that changes while it is read is an error", async () => {
  await serving(
    ({ count }) => part(0, count === 1 ? { bytes: 100_000 } : { etag: '"two"' }),
    (url) =>
      rejects(
        url,
        `the file changed, its ETag was "one" and now is "two"; start again, at ${url}:100000`,
        100_000,
      ),
  );
  const dated = { headers: { "last-modified": "Tue, 24 Nov 2026 10:00:00 GMT" }, etag: "" };
  const later = { headers: { "last-modified": "Tue, 24 Nov 2026 10:00:01 GMT" }, etag: "" };
  const undated = (response: Response) => (response.headers.delete("etag"), response);
  await serving(
    ({ count, start }) =>
      undated(count === 1 ? part(0, { bytes: 100_000, ...dated }) : part(start, later)),
    (url, requests) =>
      rejects(url, "its Last-Modified was Tue, 24 Nov 2026 10:00:00 GMT", 100_000)
        .then(() => assertEquals(requests[1].get("if-range"), dated.headers["last-modified"])),
  );
});

Deno.test("openUrl: a file that is not the one that was listed is an error", () =>
  serving(({ start }) => part(start), async (url) => {
    await rejects(url, 'its ETag was "zero" and now is "one"', 0, { etag: '"zero"' });
    await rejects(url, "its size in bytes was 5 and now is 300000", 0, { size: 5 });
    assertEquals(await read(url, { size: FILE.length, etag: `W/${ETAG}` }), FILE);
  }));

Deno.test("openUrl tries again after 503 and 429, when the server says so", () =>
  serving(
    ({ count, start }) =>
      count === 1
        ? new Response("busy", { status: 503, headers: { "retry-after": "1" } })
        : count === 2
        ? new Response("slower", { status: 429 })
        : part(start),
    async (url, requests) => {
      const began = performance.now();
      assertEquals(await read(url), FILE);
      assert(performance.now() - began >= 1000, "came back before Retry-After");
      assertEquals(requests.length, 3);
    },
  ));

Deno.test("openUrl gives up after its retries and says why", () =>
  serving(() => new Response("<Code>SlowDown</Code>", { status: 503 }), async (url, requests) => {
    await rejects(
      url,
      "wanted more bytes, got none in 3 tries, in the last: the server said 503 Service " +
        `Unavailable (SlowDown); check the network and the server, then start again, at ${url}:0`,
      0,
      { retries: 2 },
    );
    assertEquals(requests.length, 3);
  }));

Deno.test("openUrl: refusals are errors at once", async () => {
  for (
    const [status, message] of [
      [404, "Cannot read the URL: the server said 404 Not Found; check the address"],
      [403, "the server said 403 Forbidden; check the address and that the keys may read it"],
      [401, "the server said 401 Unauthorized"],
    ] as const
  ) {
    await serving(() => new Response("no", { status }), async (url, requests) => {
      await rejects(url, message, 0);
      assertEquals(requests.length, 1);
    });
  }
});

Deno.test("openUrl: a server that falls silent is left and asked again", async () => {
  const silent = () =>
    new Response(new ReadableStream(), { headers: { "content-length": `${FILE.length}` } });
  await serving(({ count, start }) => count === 1 ? silent() : part(start), async (url) => {
    assertEquals(await read(url, { timeoutMs: 50 }), FILE);
  });
  await serving(
    silent,
    (url) =>
      rejects(url, "got none in 2 tries, in the last: the server sent nothing for 50 ms", 0, {
        timeoutMs: 50,
        retries: 1,
      }),
  );
});

Deno.test("openUrl: time that the reader takes is not the server's", () =>
  serving(({ start }) => part(start), async (url, requests) => {
    let bytes = 0;
    for await (const chunk of openUrl(url, { timeoutMs: 200 }).open()) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 300));
      bytes += chunk.length;
    }
    assertEquals([bytes, requests.length], [FILE.length, 1]);
  }));

Deno.test("openUrl: a server that announces more than it has is an error", () =>
  answering(
    "HTTP/1.1 200 OK\nContent-Length: 2000\n\nonly this",
    (url) =>
      rejects(url, "got none in 3 tries, in the last: the connection ended after 9 of 2000", 9, {
        retries: 2,
      }),
  ));

Deno.test("openUrl: a server that sends more than it announces is an error", async () => {
  const more = () =>
    Promise.resolve(new Response("more than that", { headers: { "content-length": "4" } }));
  await rejects("http://127.0.0.1/", "wanted the 4 bytes that the server had announced", 4, {
    fetch: more,
  });
  await answering(
    "HTTP/1.1 206 Partial Content\nContent-Range: bytes 5-8/9\nContent-Length: 3\n\nabc",
    (url) =>
      assertRejects(
        () => new Response(openUrl(url).open({ start: 5 })).text(),
        DataError,
        "wanted a part from byte 5 on, got Content-Range bytes 5-8/9 with Content-Length 3",
      ).then(() => {}),
  );
});

Deno.test("openUrl: a body cut short without an announced length is an error", () =>
  answering(
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n",
    (url) => rejects(url, "in the last: the connection ended after 5 bytes", 5, { retries: 1 }),
  ));

Deno.test("openUrl reads parts, also from servers that send none", async () => {
  for (const from of [(start: number) => start, () => 0]) {
    await serving(({ start }) => part(from(start)), async (url) => {
      const file = openUrl(url);
      const bytes = async (range: { start?: number; end?: number }) =>
        new Uint8Array(await new Response(file.open(range)).arrayBuffer());
      assertEquals(await bytes({ start: 70_000, end: 70_010 }), FILE.slice(70_000, 70_010));
      assertEquals(await bytes({ start: 299_000 }), FILE.slice(299_000));
      assertEquals(await bytes({ start: 299_999, end: 400_000 }), FILE.slice(299_999));
      assertEquals(await bytes({ start: 300_000 }), FILE.slice(300_000));
      assertEquals(await bytes({ start: 5, end: 5 }), new Uint8Array());
    });
  }
});

Deno.test("openUrl: an empty file, and one that ends where reading goes on", async () => {
  await serving(() => new Response(""), async (url) => {
    assertEquals(await read(url), new Uint8Array());
  });
  const end = () => new Response("", { status: 416, headers: { "content-range": "bytes */7" } });
  await serving(end, async (url) => {
    assertEquals(await new Response(openUrl(url).open({ start: 7 })).text(), "");
    await assertRejects(
      () => new Response(openUrl(url).open({ start: 9 })).text(),
      DataError,
      "the server said 416 Range Not Satisfiable; it ends before byte 9",
    );
  });
});

Deno.test("openUrl: cancelling the stream ends the connection, the signal all that waits", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: () => resolve(),
      }),
    );
  await serving(endless, async (url) => {
    const reader = openUrl(url).open().getReader();
    await reader.read();
    await reader.cancel("enough");
    await closed;
  });
  await serving(() => new Response("", { status: 503 }), (url) =>
    assertRejects(
      () => read(url, { backoffMs: 60_000, signal: AbortSignal.timeout(50) }),
      DOMException,
      "due to timeout",
    ).then(() => {}));
});

Deno.test("openUrl: stat learns size, version and encoding; the address hides its secrets", () =>
  serving(
    ({ start }) => part(start, { headers: { "content-encoding": "br" } }),
    async (url, requests) => {
      const file = openUrl(`${url.replace("//", "//me:pa%20ss@")}?id=3&X-Amz-Signature=abc`);
      assertEquals([file.size, file.etag], [undefined, undefined]);
      await file.stat();
      assertEquals([file.size, file.etag], [FILE.length, ETAG]);
      assertEquals(file.contentEncoding, "br");
      assertEquals(file.path, `${url}?id=3&X-Amz-Signature=hidden`);
      assertEquals(requests[0].get("authorization"), `Basic ${btoa("me:pa ss")}`);
      assertEquals(new Uint8Array(await new Response(file.open()).arrayBuffer()), FILE);
    },
  ));

Deno.test("openUrl asks for a URL, and for the right to use it", async () => {
  assertThrows(
    () => openUrl("file:///etc/passwd"),
    TypeError,
    "Cannot open a URL: wanted http:// or https://, got file:///etc/passwd",
  );
  const denied = () => Promise.reject(new Deno.errors.NotCapable("Requires net access"));
  await rejects("http://127.0.0.1/", "Deno was not allowed to; run it with --allow-net", 0, {
    fetch: denied,
  });
});
