import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Clusters,
  type Duplicate,
  DuplicateFinder,
  fingerprinter,
} from "../../../data/dedup/mod.ts";

interface Found {
  documents: number;
  exact: number;
  near: number;
  clusters: Clusters;
  removed: Duplicate[];
}

/** What is found in the fingerprints; checks that no file is left. */
async function find(fingerprints: Uint8Array[], memoryBytes?: number): Promise<Found> {
  const folder = await Deno.makeTempDir();
  try {
    using finder = new DuplicateFinder({ folder, memoryBytes });
    fingerprints.forEach((fingerprint, i) => finder.add(i, fingerprint));
    let found: Found;
    {
      using duplicates = await finder.finish();
      const { documents, exact, near, clusters } = duplicates;
      const removed = await Array.fromAsync(duplicates.removed());
      found = { documents, exact, near, clusters, removed };
    }
    assertEquals([...Deno.readDirSync(folder)], []);
    return found;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A fingerprint of small numbers for keys; bands know each other's keys apart. */
const print = (text: number, ...bands: number[]) => {
  const words = [text, ...bands.map((key, band) => 1000 * (band + 1) + key)];
  return new Uint8Array(Uint32Array.from(words.flatMap((word) => [7, word, 0, word])).buffer);
};

/** Small random numbers, the same each time. */
function* random(below: number): Generator<number, never> {
  for (let state = 1;; state = Math.imul(state, 48271) >>> 0) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0 || 1;
    yield (state >>> 8) % below;
  }
}

Deno.test("duplicates: none in nothing, none in different documents", async () => {
  const none = { exact: 0, near: 0, clusters: { sizes: [], largest: [], examples: [] } };
  assertEquals(await find([]), { documents: 0, removed: [], ...none });
  assertEquals(await find([print(1, 1), print(2, 2), print(3)]), {
    documents: 3,
    removed: [],
    ...none,
  });
});

Deno.test("duplicates: planted ones are found and the first is kept", async () => {
  const fingerprint = fingerprinter({ kind: "minhash" });
  const words = Array.from(
    { length: 300 },
    (_, i) => `word${"abcdefghij"[i % 10]}${"x".repeat(i)}`,
  );
  const text = words.join(" ");
  const near = words.with(150, "another").join(" ");
  const texts = ["short", near, "other words", text, "short  \n", `${text}\n`, near, "Short"];
  const { removed, exact, near: nearCount, clusters } = await find(texts.map(fingerprint));
  const expected: Duplicate[] = [
    { document: 3, keptAs: 1, kind: "minhash" },
    { document: 4, keptAs: 0, kind: "exact" },
    { document: 5, keptAs: 1, kind: "exact" },
    { document: 6, keptAs: 1, kind: "exact" },
  ];
  assertEquals(removed, expected);
  assertEquals([exact, nearCount], [3, 1]);
  assertEquals(clusters, {
    sizes: [{ from: 2, to: 2, clusters: 1 }, { from: 3, to: 4, clusters: 1 }],
    largest: [{ keeper: 1, size: 4 }, { keeper: 0, size: 2 }],
    examples: expected,
  });
});

Deno.test("duplicates: a document that is first of its keys joins an earlier cluster", async () => {
  // 2 is the first with the keys that it shares with 3, and 3 is like 1.
  const found = await find([print(1, 1), print(2, 5, 1), print(3, 6, 2), print(4, 6, 1)]);
  assertEquals(found.removed, [
    { document: 2, keptAs: 1, kind: "minhash" },
    { document: 3, keptAs: 1, kind: "minhash" },
  ]);
});

Deno.test("duplicates: clusters are those of a union–find in memory, with any memory", async () => {
  for (const count of [200, 5000]) {
    const draw = random(count * 2);
    const next = () => draw.next().value;
    const prints = Array.from({ length: count }, () => print(next(), next(), next()));
    const expected = naive(prints);
    assert(expected.some(({ keptAs }, i, all) => all.findIndex((b) => b.keptAs === keptAs) < i));
    const whole = await find(prints);
    assertEquals(whole.removed, expected);
    assertEquals(whole.exact + whole.near, expected.length);
    const all = whole.clusters.sizes.reduce((sum, { clusters }) => sum + clusters, 0);
    assertEquals(all, new Set(expected.map(({ keptAs }) => keptAs)).size);
    // So little memory makes more runs than are merged at a time.
    for (const memoryBytes of count === 200 ? [1, 1000] : [20_000, 200_000]) {
      assertEquals(await find(prints, memoryBytes), whole, `${memoryBytes} bytes`);
    }
  }
});

/** The same by brute force. */
function naive(prints: Uint8Array[]): Duplicate[] {
  const roots = prints.map((_, i) => i);
  const firsts = new Map<string, number>();
  const exact = new Set<number>();
  prints.forEach((print, i) => {
    for (let at = 0; at < print.length; at += 16) {
      const key = `${at === 0} ${print.subarray(at, at + 16).toHex()}`;
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, i);
      else {
        if (at === 0) exact.add(i);
        const [from, to] = [roots[first], roots[i]].sort((a, b) => b - a);
        roots.forEach((root, j) => root === from && (roots[j] = to));
      }
    }
  });
  return roots.flatMap((keptAs, document) =>
    keptAs === document
      ? []
      : [{ document, keptAs, kind: exact.has(document) ? "exact" : "minhash" }]
  );
}

Deno.test("duplicates: an abort ends the search and leaves no file", async () => {
  const folder = await Deno.makeTempDir();
  using finder = new DuplicateFinder({ folder, memoryBytes: 1000 });
  for (let i = 0; i < 100; i++) finder.add(i, print(i % 50, i % 9));
  await assertRejects(() => finder.finish(AbortSignal.abort(new Error("enough"))), Error, "enough");
  assertEquals([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});

Deno.test("duplicates: documents out of order and broken fingerprints are named", async () => {
  const folder = await Deno.makeTempDir();
  using finder = new DuplicateFinder({ folder });
  finder.add(0, print(1));
  assertThrows(
    () => finder.add(2, print(2)),
    RangeError,
    "Cannot add a fingerprint: wanted document 1, got 2",
  );
  assertThrows(
    () => finder.add(1, new Uint8Array(17)),
    RangeError,
    "Cannot add a fingerprint: wanted a multiple of 16 bytes, got 17",
  );
  await Deno.remove(folder);
});
