import { assertEquals } from "@std/assert";
import { parseRetryAfter } from "../../../../data/sources/remote/retry.ts";

Deno.test("parseRetryAfter reads seconds and dates, five minutes at most", () => {
  const now = Date.parse("Tue, 24 Nov 2026 10:00:00 GMT");
  for (
    const [value, wait] of [
      [null, 0],
      ["3", 3000],
      ["Tue, 24 Nov 2026 10:00:07 GMT", 7000],
      ["Tue, 24 Nov 2026 09:00:00 GMT", 0],
      ["100000", 300_000],
      ["soon", 0],
    ] as const
  ) {
    assertEquals(parseRetryAfter(value, now), wait);
  }
});
