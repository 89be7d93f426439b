import { assertEquals, assertThrows } from "@std/assert";
import { encodeHeader } from "../../../model/checkpoint/safetensors_header.ts";

Deno.test("encodeHeader: tensors by name, data at a multiple of 8 bytes", () => {
  const tensors = [{ name: "b", shape: [2, 3] }, { name: "a", shape: [5] }];
  const { bytes, order } = encodeHeader(tensors, { format: "pt" });
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  assertEquals([bytes.length, bytes.length % 8], [8 + length, 0]);
  assertEquals(JSON.parse(new TextDecoder().decode(bytes.subarray(8))), {
    __metadata__: { format: "pt" },
    a: { dtype: "F32", shape: [5], data_offsets: [0, 20] },
    b: { dtype: "F32", shape: [2, 3], data_offsets: [20, 44] },
  });
  assertEquals(order.map(({ name }) => name), ["a", "b"]);
});

Deno.test("encodeHeader: refuses two tensors of one name", () => {
  const twice = [{ name: "a", shape: [1] }, { name: "a", shape: [1] }];
  assertThrows(() => encodeHeader(twice, {}), RangeError, "a");
});
