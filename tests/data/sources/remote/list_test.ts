import { assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../../data/errors.ts";
import { listRemote } from "../../../../data/sources/remote/mod.ts";
import { startS3 } from "./s3_server.ts";

const OBJECTS: Record<string, string> = {
  "texts/b.txt": "second",
  "texts/a.txt": "first of all",
  "texts/c & d <+> ä%20!*.txt": "odd name",
  "texts/deep/e.jsonl": "{}",
  "texts/deep/f.txt": "f",
  "public.txt": "for all",
};

Deno.test("listRemote and openUrl work on an S3-compatible store", async (t) => {
  await using s3 = await startS3(OBJECTS);
  const options = { env: s3.env, backoffMs: 1, retries: 1 };
  const list = async (source: string) =>
    (await listRemote(source, options)).map(({ path }) => path);
  const texts = Object.keys(OBJECTS).filter((key) => key.startsWith("texts/")).sort()
    .map((key) => `s3://corpus/${key}`);

  await t.step("a prefix lists its objects, all pages, in order of key", async () => {
    assertEquals(await list("s3://corpus/texts/"), texts);
    assertEquals(s3.requests.length, 3);
    assertEquals(await list("s3://corpus/te"), texts);
    assertEquals(await list("s3://corpus"), ["s3://corpus/public.txt", ...texts]);
  });
  await t.step("a glob lists its matches", async () => {
    assertEquals(await list("s3://corpus/texts/[ab].txt"), texts.slice(0, 2));
    assertEquals(await list("s3://corpus/texts/**/*.jsonl"), [texts[3]]);
  });
  await t.step(
    "objects have a size and a version, and can be read whole and in parts",
    async () => {
      for (const file of await listRemote("s3://corpus/texts/", options)) {
        const text = OBJECTS[file.path.slice("s3://corpus/".length)];
        assertEquals(file.size, text.length);
        assertEquals(/^"[0-9a-f]{32}"$/.test(file.etag!), true);
        assertEquals(await new Response(file.open()).text(), text);
        assertEquals(await new Response(file.open({ start: 1, end: 3 })).text(), text.slice(1, 3));
      }
    },
  );
  await t.step("a key stands for itself, though it looks like a glob", async () => {
    const [file, ...others] = await listRemote(texts[2], options);
    assertEquals([file.path, others.length], [texts[2], 0]);
    s3.requests.length = 0;
    const [plain] = await listRemote("s3://corpus/texts/a.txt", options);
    assertEquals([plain.path, plain.size], ["s3://corpus/texts/a.txt", 12]);
    assertEquals(s3.requests, ["/corpus/texts/a.txt"]);
  });
  await t.step("what does not exist is an error", async () => {
    await assertRejects(
      () => list("s3://corpus/nothing"),
      DataError,
      "Cannot find data: wanted at least one object of that prefix, got none; check the bucket " +
        "and the key, at s3://corpus/nothing:0",
    );
    await assertRejects(
      () => list("s3://corpus/texts/*.gz"),
      DataError,
      "Cannot find data: wanted at least one object for the pattern, got none",
    );
    await assertRejects(
      () => list("s3://elsewhere/x"),
      DataError,
      "the server said 404 Not Found (NoSuchBucket); check the address, at s3://elsewhere/x:0",
    );
    await assertRejects(
      () => list("s3://"),
      TypeError,
      "Cannot list the bucket: wanted s3://bucket/prefix, got s3://",
    );
    await assertRejects(() => list("s3://corpus/a/../b"), DataError, 'a key with "." or ".."');
  });
  await t.step("a wrong key is refused with one sentence", async () => {
    for (
      const [wrong, code] of [
        [{ AWS_SECRET_ACCESS_KEY: "wrong" }, "SignatureDoesNotMatch"],
        [{ AWS_REGION: "mars-1" }, "SignatureDoesNotMatch"],
        [{ AWS_ACCESS_KEY_ID: undefined }, "AccessDenied"],
      ] as const
    ) {
      for (const source of ["s3://corpus/texts/", "s3://corpus/texts/a.txt"]) {
        await assertRejects(
          () => listRemote(source, { ...options, env: { ...s3.env, ...wrong } }),
          DataError,
          `Cannot read the URL: the server said 403 Forbidden (${code}); check the address and ` +
            `that the keys may read it, at ${source}:0`,
        );
      }
    }
  });
  await t.step("without keys requests go unsigned", async () => {
    const env = { AWS_ENDPOINT_URL: s3.env.AWS_ENDPOINT_URL_S3 };
    const [file] = await listRemote("s3://corpus/public.txt", { ...options, env });
    assertEquals(await new Response(file.open()).text(), "for all");
  });
  await t.step("the variables are those of the process by default", async () => {
    const before = Object.keys(s3.env).map((name) => [name, Deno.env.get(name)] as const);
    for (const [name, value] of Object.entries(s3.env)) Deno.env.set(name, value);
    try {
      assertEquals((await listRemote("s3://corpus/texts/")).length, texts.length);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    }
  });
});

Deno.test("listRemote: an answer that is no listing is an error", async () => {
  const listing = (xml: string) => () => Promise.resolve(new Response(xml));
  const env = { AWS_ENDPOINT_URL: "http://127.0.0.1" };
  for (const xml of ["<html><body>Welcome", "", "<ListBucketResult><Contents>"]) {
    await assertRejects(
      () => listRemote("s3://corpus/texts/", { env, fetch: listing(xml) }),
      DataError,
      "Cannot list the bucket: wanted a ListBucketResult, got something else",
    );
  }
});

Deno.test("listRemote: Amazon's addresses, encoded keys, the region that it asks for", async () => {
  const asked: string[] = [];
  const answer = (response: Response) => (request: Request) => {
    asked.push(request.url);
    return Promise.resolve(response);
  };
  const page = `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType>
    <IsTruncated>false</IsTruncated><Contents><Key>a/%C3%A4+b%2B.txt</Key><Size>3</Size></Contents>
    <Contents><Key>a/</Key><Size>0</Size></Contents></ListBucketResult>`;
  const env = { AWS_DEFAULT_REGION: "eu-west-1" };
  const files = await listRemote("s3://corpus/a/", { env, fetch: answer(new Response(page)) });
  assertEquals(files.map(({ path }) => path), ["s3://corpus/a/ä b+.txt"]);
  const moved = { status: 301, headers: { "x-amz-bucket-region": "us-west-2" } };
  await assertRejects(
    () => listRemote("s3://dotted.name/", { env, fetch: answer(new Response("", moved)) }),
    DataError,
    "the server said 301; set AWS_REGION to us-west-2",
  );
  const query = "?list-type=2&encoding-type=url&prefix=";
  assertEquals(asked, [
    `https://corpus.s3.eu-west-1.amazonaws.com/${query}a%2F`,
    `https://s3.eu-west-1.amazonaws.com/dotted.name${query}`,
  ]);
});

Deno.test("listRemote: a URL is one file, and must be there", async () => {
  const answer = (status: number) => () =>
    Promise.resolve(new Response("seven b", { status, headers: { "content-length": "7" } }));
  const url = "https://example.org/a.txt";
  const files = await listRemote(url, { fetch: answer(200) });
  assertEquals(files.map(({ path, size }) => [path, size]), [[url, 7]]);
  await assertRejects(
    () => listRemote(url, { fetch: answer(404) }),
    DataError,
    `the server said 404; check the address, at ${url}:0`,
  );
});
