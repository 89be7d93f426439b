import { assertEquals } from "@std/assert";
import {
  mdsColumns,
  mdsConfig,
  mdsHeadBytes,
  pythonJson,
  writeMdsHead,
} from "../../../data/shards/mds_format.ts";

Deno.test("mdsFormat: the worked example of the format, byte for byte", () => {
  const layout = { context: 3, dtype: "uint16", documentIds: false, weights: false } as const;
  const options = { compression: null, sizeLimit: 1 << 26, hashes: [] };
  const config = new TextEncoder().encode(pythonJson(mdsConfig(mdsColumns(layout), options)));
  assertEquals(
    new TextDecoder().decode(config),
    '{"column_encodings": ["ndarray:uint16:4"], "column_names": ["tokens"], "column_sizes": [8], ' +
      '"compression": null, "format": "mds", "hashes": [], "size_limit": 67108864, "version": 2}',
  );
  assertEquals([config.length, mdsHeadBytes(2, config)], [181, 197]);
  const file = new Uint8Array(213);
  writeMdsHead(file, 2, 8, config);
  assertEquals(file.subarray(0, 16).toHex(), "02000000c5000000cd000000d5000000");
  assertEquals(file.subarray(16, 197), config);
});

Deno.test("mdsFormat: JSON as Python's json.dumps with sorted keys", () => {
  assertEquals(
    pythonJson({ b: [1, null, "x"], a: { z: false, B: [] }, _: {} }),
    '{"_": {}, "a": {"B": [], "z": false}, "b": [1, null, "x"]}',
  );
});

Deno.test("mdsFormat: columns stand in the order of their names", () => {
  const columns = mdsColumns({ context: 9, dtype: "uint32", documentIds: true, weights: true });
  assertEquals(columns.map(({ name, encoding, size }) => [name, encoding, size]), [
    ["document_ids", "ndarray:uint16:10", 20],
    ["tokens", "ndarray:uint32:10", 40],
    ["weights", "ndarray:uint8:10", 10],
  ]);
});
