import { assert, assertEquals, assertRejects } from "@std/assert";
import { listSources } from "../../../data/sources/mod.ts";
import { DataError } from "../../../data/mod.ts";
import { collectBytes, utf8, withFiles } from "./streams.ts";

const FILES = {
  "corpus/b.txt": "b",
  "corpus/a/2.txt": "a2",
  "corpus/a/10.txt": "a10",
  "corpus/.hidden": "no",
  "corpus/.git/config": "no",
  "other.txt": "other",
};

Deno.test("listSources: folders, globs, files and standard input, in a fixed order", async () => {
  await withFiles(FILES, async (folder) => {
    await Deno.symlink(`${folder}/corpus`, `${folder}/corpus/ring`);
    await Deno.symlink("nowhere", `${folder}/corpus/dangling`);
    await Deno.symlink("b.txt", `${folder}/corpus/link.txt`);
    const list = async (...sources: string[]) =>
      (await listSources(sources)).map(({ path }) => path.replace(`${folder}/`, ""));
    const all = ["corpus/a/10.txt", "corpus/a/2.txt", "corpus/b.txt", "corpus/link.txt"];
    assertEquals(await list(`${folder}/corpus`), all);
    assertEquals(await list(`${folder}/corpus//`), all);
    assertEquals(await list(`${folder}/other.txt`, "-", `${folder}/corpus/a/*.txt`), [
      "other.txt",
      "-",
      "corpus/a/10.txt",
      "corpus/a/2.txt",
    ]);
  });
});

Deno.test("listSources: names go from what was asked for, so folders may move", async () => {
  await withFiles(FILES, async (folder) => {
    const names = async (source: string) => (await listSources([source])).map(({ name }) => name);
    assertEquals(await names(`${folder}/corpus/a`), ["a/10.txt", "a/2.txt"]);
    assertEquals(await names(`${folder}/corpus/a/`), ["a/10.txt", "a/2.txt"]);
    assertEquals(await names(`${folder}/other.txt`), ["other.txt"]);
    assertEquals(await names(`${folder}/corpus/*/*.txt`), ["corpus/a/10.txt", "corpus/a/2.txt"]);
    assertEquals(await names("-"), ["-"]);
  });
});

Deno.test("listSources: a file has a size and a version, and its bytes whole or in part", async () => {
  await withFiles(FILES, async (folder) => {
    const [file] = await listSources([`${folder}/other.txt`]);
    assertEquals(file.size, 5);
    assert(/^\d+$/.test(file.version!));
    assertEquals(await collectBytes(file.open()), utf8("other"));
    assertEquals(await collectBytes(file.open({ start: 1, end: 3 })), utf8("th"));
    assertEquals(await collectBytes(file.open({ start: 3 })), utf8("er"));
  });
  const stdin = ReadableStream.from([utf8("<in>")]);
  const [file] = await listSources(["-"], { stdin });
  assertEquals([file.size, file.version], [undefined, undefined]);
  assertEquals(await collectBytes(file.open()), utf8("<in>"));
});

Deno.test("listSources: a file that changes while it is read is an error at its end", async () => {
  const long = "x".repeat(2_000_000); // more than is read ahead before it changes
  await withFiles({ "a.txt": long }, async (folder) => {
    const path = `${folder}/a.txt`;
    const changes: [() => Promise<void>, string, number][] = [
      [
        () => Deno.writeTextFile(path, "more", { append: true }),
        "(2000000 bytes before, 2000004 now, 2000004 read)",
        2_000_004,
      ],
      [
        () => Deno.truncate(path, 1_000_000),
        "(2000000 bytes before, 1000000 now, 1000000 read)",
        1_000_000,
      ],
      [
        () => Deno.utime(path, 1, 1),
        "(2000000 bytes before, 2000000 now, 2000000 read)",
        2_000_000,
      ],
      [() => Deno.remove(path), "(2000000 bytes before, gone now, 2000000 read)", 2_000_000],
    ];
    for (const [change, found, offset] of changes) {
      await Deno.writeTextFile(path, long);
      const [file] = await listSources([path]);
      const reader = file.open().getReader();
      await reader.read();
      await change();
      const error = await assertRejects(
        async () => {
          while (!(await reader.read()).done);
        },
        DataError,
        `Cannot read the file: it changed while it was read ${found}; start again when it is at rest`,
      );
      assertEquals([error.path, error.byteOffset], [path, offset]);
    }
  });
});

Deno.test("listSources: http has size, version and encoding", async () => {
  const headers = { "content-encoding": "br", etag: '"1"', "content-length": "4" };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("page", { headers }),
  );
  try {
    const url = `http://127.0.0.1:${server.addr.port}/a.txt`;
    const [file] = await listSources([url]);
    assertEquals({ ...file, open: undefined }, {
      path: url,
      name: url,
      size: 4,
      version: '"1"',
      contentEncoding: "br",
      open: undefined,
    });
    assertEquals(await collectBytes(file.open()), utf8("page"));
  } finally {
    await server.shutdown();
  }
});

Deno.test("listSources: what is missing is an error that names it", async () => {
  await withFiles({ "empty/.hidden": "" }, async (folder) => {
    const cases: [string, string][] = [
      [`${folder}/none.txt`, "there is no such file; check the path"],
      [`${folder}/*.txt`, "wanted at least one file for the pattern, got none"],
      [`${folder}/empty`, "wanted files in the folder, got none"],
    ];
    for (const [source, message] of cases) {
      const error = await assertRejects(() => listSources([source]), DataError, message);
      assertEquals(error.path, source);
    }
  });
  await assertRejects(() => listSources([]), RangeError, "wanted at least one source, got none");
  await assertRejects(() => listSources(["-", "-"]), RangeError, "got it twice");
});
