import { assert, assertEquals } from "@std/assert";
import { bucketOf } from "../../../model/generation/buckets.ts";

Deno.test("bucketOf: few sizes, each a fixed point, and little padding", () => {
  const sizes = new Set<number>();
  for (let n = 1; n <= 1024; n++) {
    const size = bucketOf(n);
    assert(size >= n && (size < 2 * n || size <= 8), `${n} rows are padded to ${size}`);
    assertEquals(bucketOf(size), size);
    sizes.add(size);
  }
  assertEquals([...sizes].slice(0, 10), [1, 2, 4, 8, 16, 24, 32, 48, 64, 96]);
  assertEquals(sizes.size, 17);
});
