import { assertEquals, assertThrows } from "@std/assert";
import {
  shardBatches,
  type ShardBatchesOptions,
  type ShardSource,
} from "../../../data/loader/mod.ts";
import { makeMixture, rowLimit } from "../../../data/loader/shard_options.ts";
import { growingSet, memorySet } from "./memory_set.ts";

Deno.test("shardBatches: says what is wrong", () => {
  const set = memorySet([4], { path: "here" });
  const growing = growingSet([4]);
  const good = { batchSize: 4, seed: 1 };
  const cases: [ShardSource[], Partial<ShardBatchesOptions>, string][] = [
    [[], {}, "wanted at least one set of shards, got none"],
    [[{ set }], { batchSize: 0 }, "batchSize must be a whole number of at least 1, got 0"],
    [[{ set }], { ranks: 3 }, "wanted a batchSize that 3 ranks share, got 4"],
    [[{ set }], { rank: 2, ranks: 2 }, "rank must be a whole number from 0 to 1, got 2"],
    [[{ set }], { shuffleBlocks: 0 }, "shuffleBlocks must be a whole number of at least 1, got 0"],
    [[{ set }], { documentIds: true }, "wanted shards with document ids, got none in here"],
    [[{ set, weight: 0 }], {}, "wanted a weight above 0 for here, got 0"],
    [[{ set, maxEpochs: 0.1 }], {}, "wanted maxEpochs above 0 for here, got 0.1"],
    [[{ set, weight: 1 }, { set }], {}, "wanted a weight for each set, or none, got 1"],
    [
      [{ set }, { set: memorySet([4], { path: "there", context: 9 }) }],
      {},
      "wanted rows of context 3 as in here, got 9 in there",
    ],
    [[{ set }], { temperature: 0 }, "temperature must be above 0, got 0"],
    ...[[{ set: growing, maxEpochs: 1 }], [{ set: growing }, { set: growing }]].map((
      sources,
    ): [ShardSource[], Partial<ShardBatchesOptions>, string] => [
      sources,
      {},
      "wanted a weight and no maxEpochs for memory, got a set that still grows; await until(Infinity)",
    ]),
  ];
  for (const [sources, change, message] of cases) {
    assertThrows(() => shardBatches(sources, { ...good, ...change }), RangeError, message);
  }
});

Deno.test("makeMixture: weights where they are given, else rows and temperature", () => {
  const [small, large] = [memorySet([10]), memorySet([40, 50])];
  const options = { batchSize: 1, seed: 0 };
  const shares = (sources: ShardSource[], temperature?: number) =>
    makeMixture(sources, { ...options, temperature }).counts(100);
  assertEquals(shares([{ set: small, weight: 3 }, { set: large, weight: 1 }]), [75, 25]);
  assertEquals(shares([{ set: small }, { set: large }]), [10, 90]);
  assertEquals(shares([{ set: small }, { set: large }], 2), [25, 75]);
});

Deno.test("rowLimit: whole rows of all epochs", () => {
  assertEquals(rowLimit({ set: memorySet([3]), maxEpochs: 1.5 }), 4);
  assertEquals(rowLimit({ set: memorySet([3]) }), Infinity);
});
