import { assertEquals } from "@std/assert";
import { decodeFrame, encodeFrame } from "../../../data/prepare/frame.ts";

Deno.test("a frame gives back its documents, of any characters", () => {
  const documents = [
    { file: 0, id: "a", text: "" },
    { file: 7, id: "日本", text: "É 😀\0\n" },
    { file: 2 ** 32 - 1, id: "", text: "x".repeat(1 << 20) },
  ];
  assertEquals(decodeFrame(encodeFrame(documents)), documents);
  assertEquals(decodeFrame(encodeFrame([])), []);
});
