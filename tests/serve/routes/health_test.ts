import { assertEquals } from "@std/assert";
import { Served } from "../served.ts";

Deno.test("health: ready and its other name turn 503 in the drain, live does not (43)", async () => {
  const drain = new AbortController();
  await using served = await Served.start({ drain: drain.signal });
  const statuses = () =>
    Promise.all(["/health/live", "/health/ready", "/health"].map(async (path) => {
      const response = await fetch(served.url + path);
      await response.text();
      return response.status;
    }));
  assertEquals(await statuses(), [200, 200, 200]);
  drain.abort();
  assertEquals(await statuses(), [200, 503, 503]);
});
