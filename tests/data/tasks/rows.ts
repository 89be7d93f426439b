import { assertEquals, assertRejects } from "@std/assert";
import { DataError, type TaskReader } from "../../../data/mod.ts";
import { utf8 } from "../sources/streams.ts";

/** The examples of a text, without their places. */
export async function readAll<T extends { place: unknown }>(
  text: string,
  reader: TaskReader<T>,
): Promise<Omit<T, "place">[]> {
  const examples = await Array.fromAsync(
    ReadableStream.from([utf8(text)]).pipeThrough(reader),
  );
  return examples.map(({ place: _, ...rest }) => rest);
}

/** Asserts for each text the error's words, and where it is: line and offset in bytes. */
export async function assertBad(
  make: () => TaskReader<{ place: unknown }>,
  cases: [text: string, message: string, line: number, offset: number][],
): Promise<void> {
  for (const [text, message, line, offset] of cases) {
    const error = await assertRejects(() => readAll(text, make()), DataError, message);
    assertEquals([text, error.byteOffset], [text, offset]);
    assertEquals(error.message.includes(`line ${line}`), true, error.message);
  }
}
