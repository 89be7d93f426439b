import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Count, DataError, type Document, stage, type Step } from "../../data/mod.ts";

/** One input of a transform and what must come out. */
export interface TransformCase<I, O> {
  label: string;
  input: I[];
  output: O[];
}

/** One input of a transform that it cannot read, and where. */
export interface BrokenCase<I> {
  label: string;
  input: I[];
  /** What the error says, and its place. */
  message: string;
  path: string;
  byteOffset: number;
}

/** Options of `testTransform`. */
export interface TransformContract<I, O> {
  /** A new transform each time. */
  make(): ReadableWritablePair<O, I>;
  cases: TransformCase<I, O>[];
  /** Other ways to cut the same input into chunks; each must give the same output. */
  split?(input: I[]): Iterable<I[]>;
  /** Inputs that are errors; each at the same place however it is cut. @default none */
  broken?: BrokenCase<I>[];
  /** Whether it gives nothing out before its input has ended. @default false */
  takesAll?: boolean;
  /** Joins the output where its chunk borders may move: texts into one, bytes into one. */
  join?(output: O[]): unknown;
}

/**
 * The promises of every transform of the toolkit: the right output in order, the same however the
 * input is cut, nothing out of nothing, backpressure, cancellation and errors passed on, its own
 * errors with their place.
 */
export function testTransform<I, O>(name: string, contract: TransformContract<I, O>): void {
  const { make, cases, broken = [], split = () => [], takesAll = false } = contract;
  const { join = (output) => output } = contract;
  const run = async (input: I[]) =>
    join(await Array.fromAsync(ReadableStream.from(input).pipeThrough(make())));

  Deno.test(name, async (t) => {
    for (const { label, input, output } of cases) {
      const isRight = await t.step(label, async () => {
        assertEquals(await run(input), join(output));
        for (const chunks of split(input)) assertEquals(await run(chunks), join(output));
      });
      if (!isRight) return; // the next steps would wait for ever for output that never comes
    }
    for (const { label, input, message, path, byteOffset } of broken) {
      await t.step(label, async () => {
        for (const chunks of [input, ...split(input)]) {
          const error = await assertRejects(() => run(chunks), DataError, message);
          assertEquals([error.path, error.byteOffset], [path, byteOffset]);
        }
      });
    }
    await t.step("nothing in, nothing out", async () => {
      assertEquals(await run([]), join([]));
    });
    const { input } = cases.find(({ output }) => output.length > 0)!;
    if (!takesAll) {
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
    }
    await t.step("cancelled, it cancels its source", async () => {
      const source = endless(input);
      const reader = source.stream.pipeThrough(make()).getReader();
      if (!takesAll) await reader.read();
      await reader.cancel("enough");
      await new Promise((resolve) => setTimeout(resolve, 0));
      assertEquals(source.cancelled(), "enough");
    });
    await t.step("aborted, it ends with the reason", async () => {
      const { readable, writable } = make();
      const ended = assertRejects(() => Array.fromAsync(readable), Error, "enough");
      await writable.abort(new Error("enough"));
      await ended;
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

/** What a step makes of a document. */
export interface StepCase {
  text: string;
  metadata?: Record<string, unknown>;
  /** The text that goes on. @default the text that came */
  becomes?: string;
  /** Why it is dropped instead. */
  drop?: string;
}

/**
 * The promises of every step that looks at one document at a time: those of its stage, and that it
 * counts what came, went and was dropped by reason, hands out what it drops and waits until that is
 * kept, changes no document that it is given, and makes the same of it whatever came before.
 */
export function testStep(name: string, makeStep: () => Step, cases: StepCase[]): void {
  const documents = cases.map(({ text, metadata = {} }, i): Document => (
    { id: `${i}`, text, source: "test", metadata }
  ));
  const left = documents.flatMap((document, i) => {
    const { drop, becomes = document.text } = cases[i];
    return drop === undefined ? [{ ...document, text: becomes }] : [];
  });

  testTransform<Document, Document>(`${name}: as a stage`, {
    make: () => stage(makeStep()),
    cases: [{ label: "keeps, changes and drops, in order", input: documents, output: left }],
  });

  Deno.test(`${name}: counts what came, went and was dropped, and hands that out`, async () => {
    const kept: [Document, string][] = [];
    let keeping = false;
    const counted = stage(makeStep(), {
      onDrop: async (document, reason) => {
        assert(!keeping, "it does not wait until what it dropped is kept");
        keeping = true;
        await new Promise((resolve) => setTimeout(resolve, 1));
        kept.push([document, reason]);
        keeping = false;
      },
    });
    await Array.fromAsync(ReadableStream.from(documents).pipeThrough(counted));
    const gone = documents.flatMap((document, i): [Document, string][] => {
      const { drop } = cases[i];
      return drop === undefined ? [] : [[document, drop]];
    });
    assertEquals(kept, gone);
    const reasons = new Set(gone.map(([, reason]) => reason));
    assertEquals(counted.report, {
      name: counted.report.name,
      in: countOf(documents),
      out: countOf(left),
      dropped: Object.fromEntries([...reasons].map((reason) => [
        reason,
        countOf(gone.filter((each) => each[1] === reason).map(([document]) => document)),
      ])),
    });
  });

  Deno.test(`${name}: changes nothing that it is given, and knows nothing of other documents`, () => {
    const step = makeStep();
    const frozen = documents.map((document) => Object.freeze(structuredClone(document)));
    const forwards = frozen.map((document) => step.apply(document));
    const backwards = frozen.toReversed().map((document) => step.apply(document)).reverse();
    assertEquals(backwards, forwards);
    assertEquals(frozen.map((document) => makeStep().apply(document)), forwards);
    assertEquals(frozen, documents);
  });
}

function countOf(documents: readonly Document[]): Count {
  const bytes = documents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return { documents: documents.length, bytes };
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
