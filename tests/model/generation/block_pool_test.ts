import { assert, assertEquals } from "@std/assert";
import { BlockPool, type Prefix, SCRAP_BLOCK } from "../../../model/generation/block_pool.ts";
import { random } from "../../kernels/contract.ts";

/** Takes blocks for tokens and names all that are full. */
function hold(pool: BlockPool, salt: string, tokens: number[]): number[] {
  const found = pool.find(salt, tokens, tokens.length);
  const blocks = [...found.blocks];
  let prefix: Prefix = found.prefix;
  for (let start = 16 * blocks.length; start < tokens.length; start += 16) {
    const block = pool.take()!;
    blocks.push(block);
    if (start + 16 <= tokens.length) prefix = pool.name(block, prefix, tokens, start);
  }
  return blocks;
}

const range = (n: number, first = 0) => Array.from({ length: n }, (_, i) => first + i);

Deno.test("BlockPool: gives out each block once and never the scrap block", () => {
  const pool = new BlockPool(5);
  const taken = range(4).map(() => pool.take()!);
  assertEquals(new Set([...taken, SCRAP_BLOCK]).size, 5);
  assertEquals([pool.take(), pool.available, pool.used], [undefined, 0, 4]);
  pool.release(taken);
  assertEquals([pool.available, pool.used], [4, 0]);
});

Deno.test("BlockPool: full blocks of equal beginnings are shared, those of another salt are not", () => {
  const pool = new BlockPool(20);
  const first = hold(pool, "a", range(40));
  const second = hold(pool, "a", [...range(32), 99, 98]);
  assertEquals(second.slice(0, 2), first.slice(0, 2));
  assert(second[2] !== first[2]);
  assertEquals(pool.find("b", range(40), 40).blocks, []);
  assertEquals(pool.find("a", range(40, 1), 40).blocks, []);
  assertEquals(pool.find("a", range(40), 31).blocks, first.slice(0, 1));
  assertEquals(pool.used, 4);
});

Deno.test("BlockPool: what none holds is kept until it is needed, the ends of old texts go first", () => {
  const pool = new BlockPool(7);
  const old = hold(pool, "", range(48));
  pool.release(old);
  const young = hold(pool, "", range(32, 100));
  pool.release(young);
  assertEquals([pool.available, pool.used], [6, 0]);
  assertEquals(pool.take() === undefined, false); // the only blank one
  assertEquals(range(2).map(() => pool.take()), [old[2], old[1]]);
  const { blocks } = pool.find("", range(48), 48);
  assertEquals(blocks, [old[0]]);
  assertEquals(pool.find("", range(32, 100), 32).blocks, young);
  assertEquals(pool.available, 0);
});

Deno.test("BlockPool: 10,000 prefixes made to be confused are told apart", () => {
  const pool = new BlockPool(50);
  const next = random(5);
  const contents = new Map<number, string>();
  // Tokens of which the digits run together, few enough that most beginnings come again.
  const tokens = [1, 11, 111, 2, 12, 21];
  const salts = ["", "1", "1,11", '"', '","', "0"];
  let found = 0;
  for (let i = 0; i < 10_000; i++) {
    const salt = salts[Math.floor(next() * salts.length)];
    const length = 16 * (1 + Math.floor(next() * 4));
    const text = Array.from({ length }, (_, p) =>
      // Only the first token of a block and the last ones differ.
      p % 16 === 0 || p % 16 > 14 ? tokens[Math.floor(next() * 2) + (p % 16 ? 0 : 2)] : 7);
    const { blocks, prefix } = pool.find(salt, text, length);
    blocks.forEach((block, n) => {
      assertEquals(contents.get(block), JSON.stringify([salt, text.slice(0, 16 * (n + 1))]));
    });
    found += blocks.length;
    let last: Prefix = prefix;
    for (let start = 16 * blocks.length; start < length; start += 16) {
      const block = pool.take()!;
      blocks.push(block);
      contents.set(block, JSON.stringify([salt, text.slice(0, start + 16)]));
      last = pool.name(block, last, text, start);
    }
    pool.release(blocks);
  }
  assert(found > 1000, `${found} blocks were found again`);
  assertEquals(pool.used, 0);
});
