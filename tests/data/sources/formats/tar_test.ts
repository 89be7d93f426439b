import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { concatBytes } from "../../../../data/sources/byte_reader.ts";
import {
  readTar,
  type ReadTarOptions,
  readWebDataset,
} from "../../../../data/sources/formats/tar.ts";
import type { DocumentReader } from "../../../../data/sources/formats/document_reader.ts";
import { DataError, type Document } from "../../../../data/mod.ts";
import { testTransform } from "../../contract.ts";
import { cutBytes, utf8, withFiles } from "../streams.ts";
import { paxHeader, tarMember, tarOf } from "./archives.ts";

const document = (id: string, text: string, metadata = {}): Document => (
  { id, text, source: "a.tar", metadata }
);

const LONG = `${"long/".repeat(30)}name 诗.txt`;

testTransform<Uint8Array, Document>("readTar", {
  make: () => readTar("a.tar"),
  split: cutBytes,
  cases: [
    {
      label: "text, Markdown, JSON, web pages and compressed members, each by its name",
      input: [tarOf(
        tarMember("folder/", "", { type: "5" }),
        tarMember("./folder/a.txt", "text 诗\n"),
        tarMember("link.txt", "", { type: "2" }),
        tarMember("b.md", "# Title"),
        tarMember("c.jsonl", '{"text":"one","n":1}\n{"id":"x","text":"two"}\n'),
        tarMember("d.html", "<title>T</title><p>page"),
        tarMember("e.txt.gz", new Uint8Array(gzipSync("packed"))),
        tarMember("empty.txt"),
        tarMember("f.bin", Uint8Array.of(65, 0, 66)),
        tarMember("g.txt", Uint8Array.of(0xff, 0xfe, 65, 0)),
        tarMember("h.tar", "an archive within"),
        tarMember("i.py", "x".repeat(512)),
      )],
      output: [
        document("folder/a.txt", "text 诗\n"),
        document("b.md", "# Title"),
        document("c.jsonl#0", "one", { n: 1 }),
        document("c.jsonl#x", "two"),
        document("d.html", "page", { title: "T" }),
        document("e.txt.gz", "packed"),
        document("g.txt", "A"),
        document("i.py", "x".repeat(512)),
      ],
    },
    {
      label: "ustar prefixes, pax and GNU long names and sizes, old tars, archives in a row",
      input: [
        tarOf(tarMember("name.txt", "prefix", { prefix: "some/where" })),
        tarOf(
          paxHeader({ comment: "for all" }, "g"),
          paxHeader({ path: LONG, size: "3" }),
          tarMember("short", "pax", { size: "00000000000\0" }),
          tarMember("after.txt", "2"),
        ),
        tarMember("././@LongLink", `${LONG}\0`, { type: "L", magic: "ustar  \0" }),
        tarMember("short", "gnu", { magic: "ustar  \0", prefix: "no prefix" }),
        tarMember("old/", "", { type: "\0", magic: "" }),
        tarMember("old/v7.txt", "v7", { type: "\0", magic: "" }),
        tarMember("large.txt", "256", { size: `\x80${"\0".repeat(10)}\x03` }),
        new Uint8Array(10240),
      ],
      output: [
        document("some/where/name.txt", "prefix"),
        document(LONG, "pax"),
        document("after.txt", "2"),
        document(LONG, "gnu"),
        document("old/v7.txt", "v7"),
        document("large.txt", "256"),
      ],
    },
  ],
  broken: [{
    label: "a member that is cut short",
    input: [tarMember("a.txt", "some text").subarray(0, 600)],
    message: "ends within the member a.txt",
    path: "a.tar",
    byteOffset: 600,
  }],
});

testTransform<Uint8Array, Document>("readWebDataset", {
  make: () => readWebDataset("a.tar"),
  split: cutBytes,
  cases: [{
    label: "samples with and without metadata, and without text",
    input: [tarOf(
      tarMember("__meta__.txt", "no"),
      tarMember("a/0.json", '{"n":1}'),
      tarMember("a/0.seg.png", Uint8Array.of(1, 0)),
      tarMember("a/0.TXT", "\uFEFFzero 诗"),
      tarMember("a/1.txt", "one"),
      tarMember("b/1.txt", "another one"),
      tarMember("2.cls", "5"),
      tarMember("3.5.txt", "no text by that suffix"),
    )],
    output: [
      document("a/0", "zero 诗", { n: 1 }),
      document("a/1", "one"),
      document("b/1", "another one"),
    ],
  }],
  broken: [{
    label: "metadata that is no JSON",
    input: [tarOf(tarMember("1.txt", "a"), tarMember("1.json", "{"))],
    message: "wanted a JSON object in its member .json",
    path: "a.tar",
    byteOffset: 1536,
  }],
});

const read = (reader: DocumentReader, chunks: Uint8Array[]) =>
  Array.fromAsync(ReadableStream.from(chunks).pipeThrough(reader));

/** The error of reading, which must not depend on how the bytes are cut. */
async function fails(
  make: (path: string, options?: ReadTarOptions) => DocumentReader,
  bytes: Uint8Array,
  message: string,
  place: string,
): Promise<void> {
  for (const chunks of [[bytes], ...cutBytes([bytes])]) {
    const error = await assertRejects(() => read(make("a.tar"), chunks), DataError, message);
    assertEquals(error.message.slice(error.message.lastIndexOf(", at ")), `, at ${place}`);
  }
}

Deno.test("readTar: counts members, and takes the options of their formats", async () => {
  const reader = readTar("a.tar", { separator: "\n", textField: "body", onInvalid: "replace" });
  const archive = tarOf(
    tarMember("a.txt", Uint8Array.of(65, 10, 0xff)),
    tarMember("b.csv", "body,x\nrow,1\n"),
    tarMember("c.bin", Uint8Array.of(0)),
  );
  assertEquals(await read(reader, [archive]), [
    document("a.txt#0", "A"),
    document("a.txt#1", "\uFFFD"),
    document("b.csv#0", "row", { x: "1" }),
  ]);
  assertEquals(reader.report, { records: 3, documents: 3, replaced: 1, invalid: 0, skipped: 1 });
});

Deno.test("readTar: an archive cut anywhere is an error, never fewer documents", async () => {
  const members = [tarMember("a.txt", "some text"), paxHeader({ path: LONG }), tarMember("b", "c")];
  const whole = concatBytes(members);
  for (let length = 1; length <= whole.length; length += 37) {
    const error = await assertRejects(
      () => read(readTar("a.tar"), [whole.subarray(0, length)]),
      DataError,
      "Cannot read the archive: it ends ",
    );
    assertEquals(error.byteOffset, length);
  }
  await fails(readTar, whole.subarray(0, 512 + 4), "ends within the member a.txt", "a.tar:516");
  await fails(readTar, whole.subarray(0, 600), "ends within the member a.txt", "a.tar:600");
  await fails(readTar, whole.subarray(0, 1024), "it ends without its end mark", "a.tar:1024");
  await fails(readTar, whole.subarray(0, 1100), "it ends in a header; it was cut", "a.tar:1100");
});

Deno.test("readTar: a broken header is an error where it begins", async () => {
  const first = tarMember("a.txt", "some text");
  const broken = tarMember("b.txt", "more");
  broken[3] ^= 1;
  const cases: [Uint8Array, string, number][] = [
    [broken, "wanted a member's header with the checksum ", 1024],
    [utf8("no tar at all".padEnd(512)), "got no number; it is no tar or was damaged", 1024],
    [tarMember("b", "", { size: "12x" }), "wanted a member's size, got no number", 1148],
    [paxHeader({ size: "-1" }), "wanted a member's size, got no number", 1024],
    [tarMember("pax", "9 a=b\n", { type: "x" }), "wanted a record `LENGTH KEY=VALUE`", 1536],
    [tarMember("L", "", { type: "L", size: "77777777777\0" }), "at most 1048576 bytes", 1024],
    [tarMember("holes", "x", { type: "S" }), "the member holes is sparse", 1024],
  ];
  for (const [member, message, offset] of cases) {
    // A size in an extended header is looked at with the member that it is for.
    const at = message.startsWith("wanted a member's size") && member[156] === 0x78
      ? offset + member.length
      : offset;
    await fails(readTar, tarOf(first, member, tarMember("c", "d")), message, `a.tar:${at}`);
  }
});

Deno.test("readTar: a name that leads out of the archive is an error", async () => {
  for (const name of ["../a.txt", "/etc/passwd", "a/../../b", "a/.."]) {
    await fails(
      readTar,
      tarOf(tarMember("a.txt", "x"), tarMember(name, "y")),
      `wanted members within it, got the name ${JSON.stringify(name)}, which leads out of it`,
      "a.tar:1024",
    );
  }
  const pax = tarOf(paxHeader({ path: "../up.txt" }), tarMember("fine.txt", "y"));
  await fails(readTar, pax, 'got the name "../up.txt"', "a.tar:1024");
});

Deno.test("readTar: trouble within a member names it", async () => {
  const archive = tarOf(tarMember("x/a.jsonl", '{"text":"fine"}\n{"txt":1}\n'));
  await fails(readTar, archive, "got no such field", "a.tar/x/a.jsonl:16");
  const bomb = tarOf(tarMember("b.txt.gz", new Uint8Array(gzipSync(new Uint8Array(99_999)))));
  const error = await assertRejects(
    () => read(readTar("a.tar", { maxExpandedBytes: 1000 }), [bomb]),
    DataError,
    "wanted at most 1000 bytes, got more; raise maxExpandedBytes",
  );
  assertEquals(error.path, "a.tar/b.txt.gz");
});

Deno.test("readWebDataset: takes another suffix for the text and a field for the id", async () => {
  const archive = tarOf(tarMember("1.caption", "text"), tarMember("1.json", '{"key":7,"n":1}'));
  const reader = readWebDataset("a.tar", { textField: "caption", idField: "key" });
  assertEquals(await read(reader, [archive]), [document("7", "text", { key: 7, n: 1 })]);
  assertEquals(reader.report, { records: 1, documents: 1, replaced: 0, invalid: 0, skipped: 0 });
});

Deno.test("readWebDataset: a broken sample is an error where its part begins", async () => {
  const twice = tarOf(tarMember("1.txt", "a"), tarMember("1.txt", "b"));
  await fails(readWebDataset, twice, "the sample 1: wanted one member .txt, got two", "a.tar:1024");
  for (const json of ["[1]", "{", "5"]) {
    const archive = tarOf(tarMember("1.txt", "a"), tarMember("1.json", json));
    await fails(readWebDataset, archive, "wanted a JSON object in its member .json", "a.tar:1536");
  }
  const latin = tarOf(tarMember("1.txt", Uint8Array.of(65, 0xe9, 65)));
  await fails(readWebDataset, latin, "wanted UTF-8, got a broken character", "a.tar:513");
  const long = await assertRejects(
    () =>
      read(readWebDataset("a.tar", { maxDocumentBytes: 3 }), [tarOf(tarMember("1.txt", "long"))]),
    DataError,
    "wanted at most 3 bytes",
  );
  assertEquals(long.byteOffset, 0);
  await assertRejects(
    () => read(readWebDataset("a.tar", { idField: "key" }), [tarOf(tarMember("1.txt", "a"))]),
    DataError,
    "the sample 1: wanted an id in the field key of its metadata, got none; its fields are none",
  );
});

const noTar = await new Deno.Command("tar", { args: ["--version"] }).output()
  .then(({ success }) => !success, () => true);

Deno.test(
  { name: "readTar reads what GNU tar writes, in each of its formats", ignore: noTar },
  async () => {
    const files = { [LONG]: "long name", "a.txt": "x".repeat(9000), "诗.md": "poem" };
    await withFiles(files, async (folder) => {
      for (const format of ["gnu", "pax", "ustar", "v7"]) {
        const names = format === "v7" ? ["a.txt", "诗.md"] : [LONG, "a.txt", "诗.md"];
        const { stdout } = await new Deno.Command("tar", {
          args: ["-c", `--format=${format}`, "-C", folder, ...names],
        }).output();
        assertEquals(
          await read(readTar("a.tar"), [stdout]),
          names.map((name) => document(name, files[name])),
        );
      }
    });
  },
);
