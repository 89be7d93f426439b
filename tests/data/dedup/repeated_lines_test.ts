import { assertEquals } from "@std/assert";
import {
  removeLines,
  RepeatedLineFinder,
  type RepeatedLineOptions,
} from "../../../data/dedup/mod.ts";

/** The texts without what repeats; checks that no file is left. */
function clean(texts: string[], options: Omit<RepeatedLineOptions, "folder">): string[] {
  const folder = Deno.makeTempDirSync();
  const cleaned = [...texts];
  {
    using finder = new RepeatedLineFinder({ folder, ...options });
    texts.forEach((text, i) => finder.add(i, text));
    for (const { document, lines } of finder.repeated()) {
      cleaned[document] = removeLines(texts[document], lines, options.unit);
    }
  }
  Deno.removeSync(folder); // fails where anything is left in it
  return cleaned;
}

Deno.test("repeated lines: the first of each stays, in whatever memory", () => {
  const texts = ["Menu: all\none\n\nMenu: all ", "ok\n  Menu: all\nok\ntwo", "", "Menu: all"];
  const expected = ["Menu: all\none", "ok\nok\ntwo", "", ""];
  for (const memoryBytes of [1, 100, undefined]) {
    assertEquals(
      clean(texts, { minChars: 5, ...(memoryBytes && { memoryBytes }) }),
      expected,
    );
  }
});

Deno.test("repeated lines: of paragraphs", () => {
  const texts = ["first one\nand more\n\nsecond one\n\n\nthird", "third\n\nfirst one\nand more\n"];
  assertEquals(clean(texts, { unit: "paragraph", minChars: 6 }), [texts[0], "third"]);
});

Deno.test("repeated lines: nothing in nothing", () => {
  assertEquals(clean([], {}), []);
  assertEquals(clean(["short\nshort"], {}), ["short\nshort"]);
});
