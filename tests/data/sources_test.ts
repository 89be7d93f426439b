import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataError, decodeUtf8, hashFile, listFiles, readBytes, readText } from "../../data/mod.ts";
import { withFiles } from "./sources/streams.ts";

const MIXED = "plain, é, 诗\n\uFEFF😀 \u0000 end";

async function collect(stream: ReadableStream<string>): Promise<string> {
  return (await Array.fromAsync(stream)).join("");
}

function bytesIn(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

function decode(bytes: Uint8Array, chunkBytes: number): Promise<string> {
  const chunks = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) chunks.push(bytes.slice(i, i + chunkBytes));
  return collect(bytesIn(chunks).pipeThrough(decodeUtf8("file")));
}

Deno.test("decodeUtf8: gives the same text however the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(MIXED);
  for (let size = 1; size <= bytes.length; size++) assertEquals(await decode(bytes, size), MIXED);
  assertEquals(await decode(new Uint8Array(0), 1), "");
});

Deno.test("decodeUtf8: drops one byte order mark, at the start only", async () => {
  const bytes = new TextEncoder().encode("\uFEFF\uFEFFa\uFEFF");
  for (const size of [1, 2, 3, 99]) assertEquals(await decode(bytes, size), "\uFEFFa\uFEFF");
});

Deno.test("decodeUtf8: tells the offset of what is no UTF-8", async () => {
  const broken: Record<string, number[]> = {
    "a byte of none": [0xff],
    "a later byte first": [0x80],
    "an overlong slash": [0xc0, 0xaf],
    "an overlong three": [0xe0, 0x80, 0xaf],
    "an overlong four": [0xf0, 0x80, 0x80, 0x80],
    "a surrogate": [0xed, 0xa0, 0x80],
    "over U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
    "a cut character": [0xe8, 0xaf, 0x41],
  };
  const before = new TextEncoder().encode("é诗😀ab");
  for (const [label, bad] of Object.entries(broken)) {
    const bytes = Uint8Array.from([...before, ...bad, 0x20, ...before]);
    for (const size of [1, 2, 3, 5, 8, 64]) {
      const error = await assertRejects(() => decode(bytes, size), DataError, "wanted UTF-8");
      assertEquals([label, error.byteOffset], [label, before.length]);
      assert(error.message.endsWith(`at file:${before.length}`), error.message);
    }
  }
});

Deno.test("decodeUtf8: tells where a file ends within a character", async () => {
  const whole = new TextEncoder().encode("ab😀");
  for (const missing of [1, 2, 3]) {
    const bytes = whole.slice(0, -missing);
    for (const size of [1, 3, 64]) {
      const error = await assertRejects(() => decode(bytes, size), DataError, "was cut short");
      assertEquals(error.byteOffset, 2);
    }
  }
});

Deno.test("readText: joins files, globs and standard input in order", async () => {
  await withFiles({ "z.txt": "1é", "b/2.txt": "2", "b/10.txt": "\uFEFF10", "b/n.md": "no" }, async (
    folder,
  ) => {
    const stdin = bytesIn([new TextEncoder().encode("<in>")]);
    const sources = [`${folder}/z.txt`, "-", `${folder}/b/*.txt`];
    assertEquals(await collect(readText(sources, { stdin })), "1é<in>102");
  });
});

Deno.test("readText: reads files of many chunks", async () => {
  const text = MIXED.repeat(20_000);
  await withFiles({ "long.txt": text }, async (folder) => {
    assertEquals(await collect(readText([`${folder}/long.txt`])), text);
  });
});

Deno.test("readText: closes the file when it is cancelled or aborted", async () => {
  // Deno's test runner fails where a file stays open.
  await withFiles({ "long.txt": "text ".repeat(200_000) }, async (folder) => {
    const reader = readText([`${folder}/long.txt`]).getReader();
    assert(!(await reader.read()).done);
    await reader.cancel();

    const controller = new AbortController();
    const aborted = readText([`${folder}/long.txt`], { signal: controller.signal }).getReader();
    assert(!(await aborted.read()).done);
    controller.abort(new Error("enough"));
    await assertRejects(
      async () => {
        while (!(await aborted.read()).done);
      },
      Error,
      "enough",
    );
  });
});

Deno.test("readText: refuses what it can't read, with the path", async () => {
  await withFiles({ "empty.txt": "", "bom.txt": "\uFEFF", "a.txt": "a" }, async (folder) => {
    const cases: [string, string][] = [
      [`${folder}/none.txt`, "there is no such file"],
      [folder, "it is a folder"],
      [`${folder}/empty.txt`, "an empty file"],
      [`${folder}/bom.txt`, "an empty file"],
      [`${folder}/*.csv`, "got none"],
      [`${folder}/none/**/*.txt`, "got none"],
    ];
    for (const [source, message] of cases) {
      const read = () => collect(readText([`${folder}/a.txt`, source]));
      const error = await assertRejects(read, DataError, message);
      assertEquals(error.path, source);
    }
    const stdin = bytesIn([]);
    await assertRejects(() => collect(readText(["-"], { stdin })), DataError, "standard input:0");
  });
  assertThrows(() => readText([]), RangeError, "at least one source");
  assertThrows(() => readText(["-", "a", "-"]), RangeError, "twice");
});

Deno.test({
  name: "readText: says which permission is missing",
  permissions: { read: false },
  async fn() {
    await assertRejects(() => collect(readText(["a.txt"])), DataError, "run it with --allow-read");
    await assertRejects(() => hashFile("a.txt"), DataError, "run it with --allow-read");
  },
});

Deno.test("listFiles: expands globs in order of name, skips dotfiles and folders", async () => {
  const names = ["c.txt", "a.txt", "a/d.txt", "a/e.f/g.txt", "[x].txt", ".h.txt", ".i/j.txt"];
  const files = Object.fromEntries(names.map((name) => [name, "."]));
  await withFiles({ ...files, "folder.txt/k.md": "." }, async (folder) => {
    await Deno.symlink("a.txt", `${folder}/link.txt`);
    await Deno.symlink("..", `${folder}/a/ring`);
    await Deno.symlink("nowhere", `${folder}/dangling.txt`);
    const list = async (glob: string) =>
      (await listFiles([`${folder}/${glob}`])).map((path) => path.slice(folder.length + 1));
    assertEquals(await list("*.txt"), ["[x].txt", "a.txt", "c.txt", "link.txt"]);
    assertEquals(await list("[ac].txt"), ["a.txt", "c.txt"]);
    assertEquals(await list("{c,a}.t?t"), ["a.txt", "c.txt"]);
    assertEquals(await list("[x].txt"), ["[x].txt"]);
    assertEquals(await list("a/*.txt"), ["a/d.txt"]);
    assertEquals(await list("a/*/*.txt"), [
      "a/e.f/g.txt",
      "a/ring/[x].txt",
      "a/ring/a.txt",
      "a/ring/c.txt",
      "a/ring/link.txt",
    ]);
    assertEquals(await list(".*.txt"), [".h.txt"]);
    assertEquals(await list("**/?.txt"), ["a.txt", "a/d.txt", "a/e.f/g.txt", "c.txt"]);
    assertEquals(await listFiles(["-"]), ["-"]);
  });
});

Deno.test("readBytes and hashFile: stream a file", async () => {
  const bytes = new Uint8Array(300_000).map((_, i) => i * i);
  await withFiles({ "bytes.bin": bytes, "abc.txt": "abc" }, async (folder) => {
    const chunks = await Array.fromAsync(readBytes(`${folder}/bytes.bin`));
    assert(chunks.length > 1);
    assertEquals(new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()), bytes);
    assertEquals( // The check value of FIPS 180-2, appendix B.1.
      await hashFile(`${folder}/abc.txt`),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    await assertRejects(() => hashFile(`${folder}/none`), DataError, "there is no such file");
    await assertRejects(() => hashFile(folder), DataError, "it is a folder");
  });
});
