import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  findCheckpoint,
  parameterShapes,
  refusePickle,
  TensorFiles,
  WeightsFile,
} from "../../../model/checkpoint/mod.ts";
import { TINY } from "../tiny.ts";

type Values = Record<
  string,
  { dtype: "F32" | "F16" | "BF16" | "I64"; shape: number[]; values: number[] }
>;

/** The bytes of a safetensors file. */
function safetensors(tensors: Values): Uint8Array {
  let at = 0;
  const parts: Uint8Array[] = [];
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, values }]) => {
      const bytes = {
        F32: () => new Uint8Array(Float32Array.from(values).buffer),
        F16: () => new Uint8Array(Float16Array.from(values).buffer),
        BF16: () => new Uint8Array(toBfloat16(values).buffer),
        I64: () => new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
      }[dtype]();
      parts.push(bytes);
      return [name, { dtype, shape, data_offsets: [at, at += bytes.length] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer);
  return new Uint8Array([...length, ...text, ...parts.flatMap((part) => [...part])]);
}

/** bfloat16 is the upper half of a float32; what is cut off is rounded to the nearest. */
function toBfloat16(values: number[]): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  return Uint16Array.from(bits, (word) => (word + 0x8000) >>> 16);
}

async function inFolder(
  files: Record<string, Uint8Array | string>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const index = (weight_map: Record<string, unknown>) =>
  JSON.stringify({ metadata: { total_size: 1 }, weight_map });
const tensor = (dtype: Values[string]["dtype"], ...values: number[]) => ({
  dtype,
  shape: [values.length],
  values,
});
const [FIRST, SECOND] = [1, 2].map((n) => `model-0000${n}-of-00002.safetensors`);
const SHARDED = {
  [FIRST]: safetensors({ a: tensor("F32", 1, 2), b: tensor("F16", 0.5) }),
  [SECOND]: safetensors({ c: tensor("BF16", -3) }),
  "model.safetensors.index.json": index({ a: FIRST, b: FIRST, c: SECOND }),
};

Deno.test("TensorFiles: shards by their index, each in its own type", () =>
  inFolder(SHARDED, async (folder) => {
    using files = await TensorFiles.open(folder);
    assertEquals([...files.tensors.keys()], ["a", "b", "c"]);
    const read = async (name: string) => [...await files.read(name)];
    assertEquals([await read("a"), await read("b"), await read("c")], [[1, 2], [0.5], [-3]]);
    await assertRejects(() => files.read("d"), RangeError, "it has no such tensor");
  }));

Deno.test("TensorFiles: a missing shard is named, and a shard or index that is broken", async () => {
  const { [SECOND]: _, ...missing } = SHARDED;
  await inFolder(missing, async (folder) => {
    await assertRejects(
      () => TensorFiles.open(folder),
      Deno.errors.NotFound,
      `Cannot load ${folder}: the shard ${SECOND}, which model.safetensors.index.json names, is ` +
        "missing; fetch it too",
    );
  });
  const cases: [Record<string, Uint8Array | string>, string][] = [
    [{ [SECOND]: (SHARDED[SECOND] as Uint8Array).subarray(0, 40) }, `${SECOND} as safetensors`],
    [{ "model.safetensors.index.json": index({ z: FIRST }) }, `it says that z is in ${FIRST}`],
    [{ "model.safetensors.index.json": "{" }, "it is no JSON"],
    [{ "model.safetensors.index.json": "{}" }, "weight_map must be an object"],
    [{ "model.safetensors.index.json": index({}) }, "weight_map names no tensors"],
    [
      { "model.safetensors.index.json": index({ a: "../a.safetensors" }) },
      'the file of a must be a .safetensors beside it, got "../a.safetensors"',
    ],
    [{ "model.safetensors.index.json": index({ a: "a.bin" }) }, 'got "a.bin"'],
  ];
  for (const [files, message] of cases) {
    await inFolder({ ...SHARDED, ...files }, async (folder) => {
      await assertRejects(() => TensorFiles.open(folder), SyntaxError, message);
    });
  }
});

Deno.test("refusePickle: the file, the reason and the way out; also by --from's road", async () => {
  const files = { "config.json": "{}", "optimizer.pt": "x", "pytorch_model.bin": "x" };
  await inFolder(files, async (folder) => {
    for (const refused of [() => TensorFiles.open(folder), () => findCheckpoint(folder, "best")]) {
      const error = await assertRejects(refused, TypeError);
      assertEquals(
        error.message,
        `Cannot load ${folder}: pytorch_model.bin is a pickle file, which can run any code when it ` +
          "is opened; save the model anew as safetensors (in Python: model.save_pretrained(FOLDER)) " +
          "and name that folder",
      );
    }
    const path = `${folder}/pytorch_model.bin`;
    await assertRejects(() => findCheckpoint(path, "best"), TypeError, `${path} is a pickle file`);
    await Deno.remove(path);
    await Deno.remove(`${folder}/optimizer.pt`);
    // Packed tokens end in .bin too.
    await Deno.writeTextFile(`${folder}/train.bin`, "");
    await refusePickle(folder);
    await assertRejects(() => findCheckpoint(folder, "best"), Deno.errors.NotFound);
  });
});

Deno.test("weights: a GPT-2 in shards of half precision, without prefix, is the one in float32", async () => {
  const shapes = parameterShapes({ ...TINY, tie: false });
  const values = (i: number, size: number) =>
    Array.from({ length: size }, (_, j) => Math.fround(Math.sin(i + 0.37 * j)));
  const all: Values = Object.fromEntries(shapes.map(({ name, shape }, i) => {
    const size = shape.reduce((a, b) => a * b);
    const dtype = (["F32", "F16", "BF16"] as const)[i % 3];
    return [name.replace("transformer.", ""), { dtype, shape, values: values(i, size) }];
  }));
  const names = Object.keys(all);
  const half = (side: number) =>
    Object.fromEntries(names.filter((_, i) => i % 2 === side).map((name) => [name, all[name]]));
  const files = {
    [FIRST]: safetensors(half(0)),
    [SECOND]: safetensors(half(1)),
    "model.safetensors.index.json": index(
      Object.fromEntries(names.map((name, i) => [name, i % 2 === 0 ? FIRST : SECOND])),
    ),
  };
  await inFolder(files, async (folder) => {
    using weights = await WeightsFile.open(folder, { ...TINY, tie: false });
    for (const [i, { name, shape }] of shapes.entries()) {
      const found = await weights.read(name);
      const wanted = values(i, shape.reduce((a, b) => a * b));
      const precision = [0, 2 ** -11, 2 ** -8][i % 3];
      assertEquals(found.length, wanted.length);
      wanted.forEach((value, j) =>
        assertAlmostEquals(found[j], value, precision * Math.abs(value) + 1e-7)
      );
    }
  });
});

Deno.test("weights: a type that is none of numbers is refused before anything is read", async () => {
  const shapes = parameterShapes(TINY);
  const all: Values = Object.fromEntries(shapes.map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b);
    return [name, {
      dtype: name.endsWith("wpe.weight") ? "I64" : "F32",
      shape,
      values: new Array(size).fill(0),
    }];
  }));
  await inFolder({ "model.safetensors": safetensors(all) }, async (folder) => {
    const error = await assertRejects(() => WeightsFile.open(folder, TINY), TypeError);
    assert(
      error.message.includes("the type of transformer.wpe.weight must be F32, F16, BF16, got I64"),
    );
  });
});
