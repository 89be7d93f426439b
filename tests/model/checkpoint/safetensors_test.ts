import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SafetensorsFile, writeSafetensors } from "../../../model/checkpoint/mod.ts";
import { random } from "../../kernels/contract.ts";

const TENSORS = [
  { name: "b", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, NaN, Infinity, 1e-40) },
  { name: "a", shape: [1], data: Float32Array.of(0.1) },
  { name: "10", shape: [0, 4], data: new Float32Array(0) },
];

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(`${folder}/x.safetensors`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function write(path: string): Promise<void> {
  return writeSafetensors(
    path,
    TENSORS.map(({ data, ...rest }) => ({ ...rest, read: () => Promise.resolve(data) })),
  );
}

/** A file of a header and `dataBytes` zero bytes. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

Deno.test("safetensors: what was written is read, in any order and at once", () =>
  inFolder(async (path) => {
    await write(path);
    using read = SafetensorsFile.open(path);
    assertEquals(read.metadata, { format: "pt" });
    assertEquals([...read.tensors.keys()].sort(), ["10", "a", "b"]);
    assertEquals(read.tensors.get("b")!.shape, [2, 3]);
    const values = await Promise.all(TENSORS.map(({ name }) => read.read(name)));
    values.forEach((value, i) => assertEquals(value, TENSORS[i].data));
    await assertRejects(() => read.read("c"), RangeError, "no such tensor");
  }));

Deno.test("safetensors: the bytes are those that Hugging Face writes", () =>
  inFolder(async (path) => {
    await write(path);
    const bytes = await Deno.readFile(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assertEquals(length % 8, 0);
    assertEquals(
      new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd(),
      '{"__metadata__":{"format":"pt"},' +
        '"10":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]},' +
        '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
        '"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]}}',
    );
    assertEquals(bytes.length, 8 + length + 28);
  }));

Deno.test("safetensors: tensors are asked for one by one", () =>
  inFolder(async (path) => {
    let open = 0;
    const read = async () => {
      assertEquals(++open, 1);
      await Promise.resolve();
      open--;
      return new Float32Array(4);
    };
    await writeSafetensors(path, ["p", "q", "r"].map((name) => ({ name, shape: [2, 2], read })));
    const wrong = { name: "p", shape: [3], read };
    await assertRejects(() => writeSafetensors(path, [wrong]), RangeError, "p [3]");
    await assertRejects(
      () => writeSafetensors(path, [wrong, wrong]),
      RangeError,
      "name p is taken",
    );
  }));

Deno.test("safetensors: F16 and BF16 become f32, other types are refused by name", () =>
  inFolder(async (path) => {
    const bytes = file({
      h: { dtype: "F16", shape: [3], data_offsets: [0, 6] },
      b: { dtype: "BF16", shape: [3], data_offsets: [6, 12] },
      i: { dtype: "I64", shape: [1], data_offsets: [12, 20] },
    }, 20);
    const data = new DataView(bytes.buffer, bytes.length - 20);
    [0x3c00, 0xc100, 0x0001, 0x3f80, 0xc020, 0x7f80].forEach((half, i) =>
      data.setUint16(2 * i, half, true)
    );
    await Deno.writeFile(path, bytes);
    using read = SafetensorsFile.open(path);
    assertEquals(await read.read("h"), Float32Array.of(1, -2.5, 2 ** -24));
    assertEquals(await read.read("b"), Float32Array.of(1, -2.5, Infinity));
    await assertRejects(() => read.read("i"), TypeError, "F32, F16, BF16, got I64");
  }));

const F32 = (shape: unknown, from: unknown, to: unknown) => ({
  dtype: "F32",
  shape,
  data_offsets: [from, to],
});

const BROKEN: [label: string, bytes: Uint8Array, message: string][] = [
  ["empty", new Uint8Array(0), "has 0 bytes"],
  ["length cut", new Uint8Array(7), "has 7 bytes"],
  ["length beyond the file", new Uint8Array(8).fill(255), "header would take"],
  ["no JSON", file("{", 0), "no JSON"],
  ["no UTF-8", file("{}", 0).map((b) => b === 0x7b ? 0xff : b), "no JSON"],
  ["no object", file([], 0), "must be a JSON object"],
  ["metadata", file({ __metadata__: { a: 1 } }, 0), "object of strings"],
  ["entry", file({ a: 5 }, 0), "a must be an object, got 5"],
  ["type", file({ a: { ...F32([1], 0, 4), dtype: "F99" } }, 4), 'unknown type "F99"'],
  [
    "inherited type",
    file({ a: { ...F32([1], 0, 4), dtype: "constructor" } }, 4),
    'unknown type "constructor"',
  ],
  ["shape", file({ a: F32([-1], 0, 4) }, 4), "shape [-1]"],
  ["fraction", file({ a: F32([1.5], 0, 6) }, 6), "shape [1.5]"],
  ["offsets", file({ a: F32([1], 4, 0) }, 4), "offsets [4,0]"],
  ["size", file({ a: F32([2], 0, 4) }, 4), "takes 8 bytes, its offsets give 4"],
  ["huge", file({ a: F32([2 ** 40, 2 ** 40], 0, 4) }, 4), "its offsets give 4"],
  ["gap", file({ a: F32([1], 0, 4), b: F32([1], 8, 12) }, 12), "4 bytes between a and b"],
  ["overlap", file({ a: F32([2], 0, 8), b: F32([1], 4, 8) }, 8), "-4 bytes between a and b"],
  ["gap at the start", file({ a: F32([1], 4, 8) }, 8), "4 bytes between the header and a"],
  ["cut short", file({ a: F32([2], 0, 8) }, 7), "cut short"],
  ["too long", file({ a: F32([2], 0, 8) }, 9), "too long"],
];

Deno.test("safetensors: a broken file is refused with its path and what was found", () =>
  inFolder(async (path) => {
    for (const [label, bytes, message] of BROKEN) {
      await Deno.writeFile(path, bytes);
      const error = assertThrows(() => SafetensorsFile.open(path), SyntaxError, message, label);
      assert((error as Error).message.includes(path), label);
    }
    assertThrows(() => SafetensorsFile.open(`${path}.missing`), Deno.errors.NotFound);
  }));

Deno.test("safetensors: every shorter length of a file is refused", () =>
  inFolder(async (path) => {
    await write(path);
    const whole = await Deno.readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await Deno.writeFile(path, whole.subarray(0, length));
      assertThrows(() => SafetensorsFile.open(path), SyntaxError);
    }
  }));

Deno.test("safetensors: 300 random changes of a file are refused or read with the sizes stated", () =>
  inFolder(async (path) => {
    await write(path);
    const whole = await Deno.readFile(path);
    const next = random(3);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = whole.slice();
      for (let changes = 1 + Math.floor(3 * next()); changes > 0; changes--) {
        bytes[Math.floor(next() * bytes.length)] = Math.floor(256 * next());
      }
      await Deno.writeFile(path, bytes);
      try {
        using read = SafetensorsFile.open(path);
        for (const [name, { shape }] of read.tensors) {
          const data = await read.read(name);
          assertEquals(data.length, shape.reduce((product, n) => product * n, 1));
        }
      } catch (error) {
        assert(error instanceof SyntaxError || error instanceof TypeError, `${error}`);
        assert((error as Error).message.includes(path), `${error}`);
        refused++;
      }
    }
    assert(refused > 100 && refused < 300, `${refused} refused`);
  }));

Deno.test("safetensors: a file cut short after it was opened is no shorter tensor", () =>
  inFolder(async (path) => {
    await write(path);
    using read = SafetensorsFile.open(path);
    await Deno.truncate(path, (await Deno.stat(path)).size - 4);
    await assertRejects(() => read.read("b"), SyntaxError, "cut short");
    assertEquals(await read.read("a"), TENSORS[1].data);
  }));
