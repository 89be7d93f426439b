import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  assertConserved,
  packer,
  type PackerOptions,
  type PackingDocument,
  packStream,
  type Row,
} from "../../../data/packing/mod.ts";
import { testTransform } from "../contract.ts";

const END = 9999;
const PAD = 5;

/** Documents of skewed lengths whose tokens tell their place, but for every 9000th the same. */
function corpus(count: number, longest = 60): PackingDocument[] {
  let random = count;
  let next = 0;
  return Array.from({ length: count }, () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const length = Math.floor((random / 2 ** 32) ** 3 * longest);
    return {
      tokens: Uint16Array.from({ length: length + 1 }, (_, i) => i < length ? next++ % 9000 : END),
    };
  });
}

function pack(documents: PackingDocument[], options: PackerOptions) {
  const rows = packer(options);
  const out = documents.flatMap((document) => {
    const ready = rows.add(document);
    assertConserved(rows.accounting);
    return ready;
  });
  out.push(...rows.flush());
  assertConserved(rows.accounting);
  assertEquals([rows.accounting.pending, rows.accounting.rows], [0, out.length]);
  return { rows: out, accounting: rows.accounting };
}

const base = { vocabularySize: 10_000, padId: PAD } as const;

Deno.test("packer: concat is the documents end to end, borders shared, the tail dropped", () => {
  const documents = corpus(100);
  const all = documents.flatMap(({ tokens }) => [...tokens]);
  for (const context of [1, 2, 16, 63, 64]) {
    const { rows, accounting } = pack(documents, { ...base, strategy: "concat", context });
    rows.forEach(({ tokens }, i) => {
      assertEquals([...tokens], all.slice(i * context, i * context + context + 1));
    });
    assertEquals(rows.length, Math.floor((all.length - 1) / context));
    assertEquals(accounting, {
      context,
      documents: 100,
      received: all.length,
      tokens: rows.length * context + 1,
      rows: rows.length,
      shared: rows.length - 1,
      padding: 0,
      tail: all.length - rows.length * context - 1,
      pending: 0,
    });
  }
});

Deno.test("packer: too little for a row is all tail", () => {
  const short = [{ tokens: Uint16Array.of(1, 2, 3) }];
  const { rows, accounting } = pack(short, { ...base, strategy: "concat", context: 3 });
  assertEquals([rows.length, accounting.tokens, accounting.tail], [0, 0, 3]);
});

Deno.test("packer: best-fit keeps every token, and splits none but what is longer than a row", () => {
  const documents = corpus(500);
  const context = 31;
  const options: PackerOptions = { ...base, strategy: "best-fit", context, windowDocuments: 64 };
  const { rows, accounting } = pack(documents, options);
  const pieces = rows.flatMap(({ tokens, documentIds, weights }) => {
    const found: number[][] = [];
    tokens.forEach((token, i) => {
      if (weights![i] === 1) (found[documentIds![i]] ??= []).push(token);
      else assertEquals([token, documentIds![i]], [PAD, found.length]);
    });
    return found;
  });
  const wanted = documents.flatMap(({ tokens }) => {
    const parts: number[][] = [];
    for (let at = 0; at < tokens.length; at += 32) parts.push([...tokens.subarray(at, at + 32)]);
    return parts;
  });
  assertEquals(pieces.map(String).sort(), wanted.map(String).sort());
  assertEquals(accounting.tail, 0);
  assert(accounting.padding < 0.02 * accounting.tokens, `${accounting.padding} of padding`);
});

Deno.test("packer: best-fit pads far less than a window on its own", () => {
  const documents = corpus(4000);
  const options: PackerOptions = { ...base, strategy: "best-fit", context: 31 };
  const alone = { ...options, windowDocuments: 16 };
  const padded = documents.flatMap((_, i) =>
    i % 16 === 0 ? [pack(documents.slice(i, i + 16), alone).accounting.padding] : []
  ).reduce((sum, padding) => sum + padding);
  assert(pack(documents, alone).accounting.padding * 5 < padded);
});

Deno.test("packer: ids are of the documents of a row, also where one goes on from another row", () => {
  const documents = [[1, 2, 3, 4, 5, 6], [7], [8, 9, 10], [11, 12]]
    .map((ids) => ({ tokens: Uint16Array.from(ids) }));
  const { rows } = pack(documents, { ...base, strategy: "concat", context: 3, documentIds: true });
  assertEquals(rows.map(({ tokens, documentIds }) => [[...tokens], [...documentIds!]]), [
    [[1, 2, 3, 4], [0, 0, 0, 0]],
    [[4, 5, 6, 7], [0, 0, 0, 1]],
    [[7, 8, 9, 10], [0, 1, 1, 1]],
  ]);
});

Deno.test("packer: weights go with their tokens, 1 where none are given, 0 for padding", () => {
  const documents: PackingDocument[] = [
    { tokens: Uint16Array.of(1, 2, 3), weights: Uint8Array.of(0, 2, 255) },
    { tokens: Uint16Array.of(4, 5) },
  ];
  const bestFit = pack(documents, { ...base, strategy: "best-fit", context: 5 }).rows;
  assertEquals(bestFit, [{
    tokens: Uint16Array.of(1, 2, 3, 4, 5, PAD),
    documentIds: Uint16Array.of(0, 0, 0, 1, 1, 2),
    weights: Uint8Array.of(0, 2, 255, 1, 1, 0),
  }]);
  const concat = pack(documents, { ...base, strategy: "concat", context: 2, weights: true }).rows;
  assertEquals(concat.map(({ weights }) => [...weights!]), [[0, 2, 255], [255, 1, 1]]);
});

Deno.test("packer: 32 bits an id where the vocabulary is large", () => {
  const options: PackerOptions = { strategy: "concat", context: 1, vocabularySize: 65_537 };
  const { rows } = pack([{ tokens: Uint32Array.of(65_536, 1) }], options);
  assertEquals(rows, [{ tokens: Uint32Array.of(65_536, 1) }]);
});

Deno.test("packer: goes on from its state at any moment, to the same rows", () => {
  const documents = corpus(120).map((document, i) =>
    i % 3 ? document : { ...document, weights: new Uint8Array(document.tokens.length).fill(i) }
  );
  for (const strategy of ["concat", "best-fit"] as const) {
    const options = { ...base, strategy, context: 24, windowDocuments: 20, weights: true };
    const whole = pack(documents, options);
    for (let cut = 0; cut <= documents.length; cut += 7) {
      const before = packer(options);
      const rows = documents.slice(0, cut).flatMap((document) => before.add(document));
      const after = packer({ ...options, state: before.state() });
      assertEquals(after.state(), before.state());
      rows.push(...documents.slice(cut).flatMap((document) => after.add(document)));
      rows.push(...after.flush());
      assertEquals(rows, whole.rows);
      assertEquals(after.accounting, whole.accounting);
    }
  }
});

Deno.test("packer: says what is wrong", () => {
  const good: PackerOptions = { ...base, strategy: "concat", context: 8 };
  const cases: [Partial<PackerOptions>, string][] = [
    [{ strategy: "worst" as "concat" }, "strategy must be concat or best-fit, got worst"],
    [{ context: 0 }, "context must be a whole number from 1 to 2147483648, got 0"],
    [{ context: 65_536, documentIds: true }, "from 1 to 65535, got 65536"],
    [{ padId: 10_000 }, "padId must be a whole number from 0 to 9999, got 10000"],
    [{ windowDocuments: 0 }, "windowDocuments must be"],
    [{ state: new Uint8Array(3) }, "wanted a state of"],
    [{ state: packer(good).state().slice(0, -1) }, "give what state() returned"],
    [{ state: packer({ ...good, context: 9 }).state() }, "rows of context 8, got one of context 9"],
  ];
  for (const [change, message] of cases) {
    assertThrows(() => packer({ ...good, ...change }), RangeError, message);
  }
  const { add, accounting } = packer(good);
  assertThrows(
    () => add({ tokens: Uint16Array.of(1, 10_000) }),
    RangeError,
    "below the vocabulary size 10000, got 10000 as token 1",
  );
  assertThrows(
    () => add({ tokens: Uint16Array.of(1, 2), weights: Uint8Array.of(1) }),
    RangeError,
    "wanted a weight for each of 2 tokens, got 1",
  );
  assertThrows(
    () => add({ tokens: Uint16Array.of(1), weights: Uint8Array.of(1) }),
    RangeError,
    "got a document with weights for rows without; give weights: true",
  );
  assertEquals(accounting.received, 0);
  assertThrows(
    () => assertConserved({ ...accounting, rows: 1 }),
    Error,
    "wanted rows · (T + 1) = tokens + shared + padding, got 9 and 0",
  );
  assertThrows(
    () => assertConserved({ ...accounting, received: 7 }),
    Error,
    "wanted tokens received = tokens + tail + pending, got 7 and 0",
  );
});

for (const strategy of ["concat", "best-fit"] as const) {
  const options: PackerOptions = { ...base, strategy, context: 16, windowDocuments: 8 };
  testTransform<PackingDocument, Row>(`packStream: ${strategy}`, {
    make: () => packStream(options),
    cases: [0, 1, 9, 100].map((count) => ({
      label: `${count} documents`,
      input: corpus(count),
      output: pack(corpus(count), options).rows,
    })),
  });
}
