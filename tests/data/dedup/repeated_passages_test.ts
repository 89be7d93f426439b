import { assertEquals } from "@std/assert";
import {
  passageHasher,
  type PassageHasherOptions,
  removeRepeated,
  RepeatedPassageFinder,
} from "../../../data/dedup/mod.ts";

/** The texts without what repeats; checks that no file is left. */
async function clean(
  texts: string[],
  options: PassageHasherOptions,
  memoryBytes?: number,
): Promise<string[]> {
  const folder = Deno.makeTempDirSync();
  const gone = texts.map((): number[] => []);
  {
    const hashes = passageHasher(options);
    using finder = new RepeatedPassageFinder({ folder, ...(memoryBytes && { memoryBytes }) });
    texts.forEach((text, i) => finder.add(i, hashes(text)));
    for await (const { document, passage } of finder.repeated()) gone[document].push(passage);
  }
  Deno.removeSync(folder); // fails where anything is left in it
  return texts.map((text, i) => removeRepeated(text, gone[i], options.unit));
}

Deno.test("repeated passages: the first of each line stays, in whatever memory", async () => {
  const texts = ["Menu: all\none\n\nMenu: all ", "ok\n  Menu: all\nok\ntwo", "", "Menu: all"];
  const expected = ["Menu: all\none", "ok\nok\ntwo", "", ""];
  for (const memoryBytes of [1, 100, undefined]) {
    assertEquals(await clean(texts, { minCharacters: 5 }, memoryBytes), expected);
  }
});

Deno.test("repeated passages: of paragraphs", async () => {
  const texts = ["first one\nand more\n\nsecond one\n \n\nthird", "third\n\nfirst one\nand more\n"];
  assertEquals(await clean(texts, { unit: "paragraph", minCharacters: 6 }), [texts[0], "third"]);
});

Deno.test("repeated passages: nothing in nothing, and short ones may repeat", async () => {
  assertEquals(await clean([], {}), []);
  assertEquals(await clean(["short\nshort"], {}), ["short\nshort"]);
});

Deno.test("repeated passages: the hashes are those of SHA-256, and come with their places", () => {
  // printf %s 'a line of forty characters and some more' | sha256sum: e1ddbcf9 2ac2960e …, little-endian.
  const line = "a line of forty characters and some more";
  const [low, high, place] = passageHasher()(`short\n${line}\n`);
  assertEquals([low, high, place], [4189904353, 244761130, 1]);
});
