import { assertEquals } from "@std/assert";
import { SpaceIndex } from "../../../data/packing/space_index.ts";

Deno.test("spaceIndex: finds what a search through a list finds", () => {
  for (const most of [1, 31, 32, 33, 1023, 1024, 40_000]) {
    const index = new SpaceIndex<number>(most);
    const list: { space: number; thing: number }[] = [];
    let random = most;
    for (let thing = 0; thing < 3000; thing++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const space = Math.floor(random / 2 ** 32 * (most + 1));
      if (thing % 3 < 2 && thing < 1500) {
        index.add(space, thing);
        list.push({ space, thing });
        continue;
      }
      const fits = list.filter((entry) => entry.space >= space);
      const least = Math.min(...fits.map((entry) => entry.space));
      const best = fits.findLast((entry) => entry.space === least);
      assertEquals(index.take(space), best?.thing);
      if (best) list.splice(list.indexOf(best), 1);
    }
  }
});
