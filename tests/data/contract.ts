import { assert, assertEquals, assertRejects } from "@std/assert";

/** One input of a transform and what must come out. */
export interface TransformCase<I, O> {
  label: string;
  input: I[];
  output: O[];
}

/** Options of `testTransform`. */
export interface TransformContract<I, O> {
  /** A new transform each time. */
  make(): ReadableWritablePair<O, I>;
  cases: TransformCase<I, O>[];
  /** Other ways to cut the same input into chunks; each must give the same output. */
  split?(input: I[]): Iterable<I[]>;
  /** Joins the output where its chunk borders may move: texts into one, bytes into one. */
  join?(output: O[]): unknown;
}

/**
 * The promises of every transform of the toolkit: the right output in order, the same however the
 * input is cut, nothing out of nothing, backpressure, cancellation and errors passed on.
 */
export function testTransform<I, O>(name: string, contract: TransformContract<I, O>): void {
  const { make, cases, split = () => [], join = (output) => output } = contract;
  const run = async (input: I[]) =>
    join(await Array.fromAsync(ReadableStream.from(input).pipeThrough(make())));

  Deno.test(name, async (t) => {
    for (const { label, input, output } of cases) {
      await t.step(label, async () => {
        assertEquals(await run(input), join(output));
        for (const chunks of split(input)) assertEquals(await run(chunks), join(output));
      });
    }
    await t.step("nothing in, nothing out", async () => {
      assertEquals(await run([]), join([]));
    });
    const { input } = cases.find(({ output }) => output.length > 0)!;
    await t.step("reads no further than it is asked to", async () => {
      const source = endless(input);
      const reader = source.stream.pipeThrough(make()).getReader();
      await reader.read();
      const read = source.read();
      await new Promise((resolve) => setTimeout(resolve, 20));
      // A transform may hold a bounded number of chunks, its pool of workers a few more.
      assert(source.read() - read <= 256, `read ${source.read() - read} chunks ahead`);
      await reader.cancel("enough");
    });
    await t.step("cancelled, it cancels its source", async () => {
      const source = endless(input);
      const reader = source.stream.pipeThrough(make()).getReader();
      await reader.read();
      await reader.cancel("enough");
      await new Promise((resolve) => setTimeout(resolve, 0));
      assertEquals(source.cancelled(), "enough");
    });
    await t.step("an error of its source comes out", async () => {
      const broken = new ReadableStream<I>({
        start: (controller) => controller.error(new Error("the source broke")),
      });
      await assertRejects(
        () => Array.fromAsync(broken.pipeThrough(make())),
        Error,
        "the source broke",
      );
    });
  });
}

/** The chunks over and over, and what became of the stream. */
function endless<I>(chunks: I[]) {
  let read = 0;
  let cancelled: unknown;
  const stream = new ReadableStream<I>({
    pull: (controller) => controller.enqueue(chunks[read++ % chunks.length]),
    cancel: (reason) => {
      cancelled = reason;
    },
  }, { highWaterMark: 0 });
  return { stream, read: () => read, cancelled: () => cancelled };
}
