import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { EpochOrder, type EpochOrderOptions } from "../../../data/loader/epoch_order.ts";

const SHUFFLED: EpochOrderOptions = {
  ...{ shuffleBlocks: 2, shuffled: true, seed: 7, epoch: 0, source: 0 },
};

/** The places of a whole epoch as `shard:row`. */
function placesOf(rows: readonly number[], options: EpochOrderOptions): string[] {
  const order = new EpochOrder(rows, options);
  const total = rows.reduce((sum, count) => sum + count, 0);
  return Array.from({ length: total }, (_, i) => order.place(i))
    .map(({ shard, row }) => `${shard}:${row}`);
}

/** All places of a set in its own order. */
function allOf(rows: readonly number[]): string[] {
  return rows.flatMap((count, shard) =>
    Array.from({ length: count }, (_, row) => `${shard}:${row}`)
  );
}

Deno.test("EpochOrder: has each row once, for uneven shards and any window", () => {
  for (const rows of [[1], [9], [3, 1, 4, 1, 5, 9, 2, 6], [1, 1, 1], [1000, 1, 37]]) {
    for (const shuffleBlocks of [1, 2, 3, 8, 100, Infinity]) {
      for (const epoch of [0, 1, 2]) {
        const places = placesOf(rows, { ...SHUFFLED, shuffleBlocks, epoch });
        assertEquals(places.toSorted(), allOf(rows).toSorted());
      }
    }
  }
});

Deno.test("EpochOrder: in sequence it is the order of the set", () => {
  const rows = [3, 1, 4];
  assertEquals(placesOf(rows, { ...SHUFFLED, shuffled: false }), allOf(rows));
});

Deno.test("EpochOrder: seed, epoch and source each give another order, and the same ones again", () => {
  const rows = [10, 20, 30, 40];
  const changes: Partial<EpochOrderOptions>[] = [{}, { seed: 8 }, { epoch: 1 }, { source: 1 }];
  const orders = changes.map((change) => String(placesOf(rows, { ...SHUFFLED, ...change })));
  assertEquals(new Set(orders).size, changes.length);
  assertEquals(orders, changes.map((change) => String(placesOf(rows, { ...SHUFFLED, ...change }))));
});

Deno.test("EpochOrder: rows stay within their window, and mix there", () => {
  const rows = new Array(12).fill(50);
  const order = new EpochOrder(rows, { ...SHUFFLED, shuffleBlocks: 3 });
  assertEquals(order.windows, 4);
  const seen: number[] = [];
  for (let window = 0; window < 4; window++) {
    const shards = order.shardsOf(window);
    assertEquals(shards.length, 3);
    seen.push(...shards);
    let changes = 0;
    for (let i = window * 150; i < (window + 1) * 150; i++) {
      assertEquals(order.windowOf(i), window);
      assert(shards.includes(order.place(i).shard));
      if (i % 150 > 0 && order.place(i).shard !== order.place(i - 1).shard) changes++;
    }
    // Two of three neighbours are of different shards by chance: 100 of 149.
    assert(changes > 70, `${changes} changes of shard`);
  }
  assertEquals(seen.toSorted((a, b) => a - b), rows.map((_, i) => i));
  assertNotEquals(seen, rows.map((_, i) => i));
});

Deno.test("EpochOrder: any place on its own is what it is in sequence", () => {
  const rows = [5, 8, 2, 9, 1];
  const places = placesOf(rows, SHUFFLED);
  for (const i of [24, 0, 13, 7, 24]) {
    const { shard, row } = new EpochOrder(rows, SHUFFLED).place(i);
    assertEquals(`${shard}:${row}`, places[i]);
  }
  assertThrows(() => new EpochOrder([3], { ...SHUFFLED, shuffled: false }).place(3), RangeError);
});
