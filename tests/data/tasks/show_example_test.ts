import { assertEquals } from "@std/assert";
import {
  byteTokenizer,
  classificationEncoder,
  describeExample,
  LabelSet,
  pairEncoder,
  showTokens,
  trainPairTokenizer,
  translationEncoder,
} from "../../../data/mod.ts";
import { PLACE as place } from "./tokenizers.ts";

const tokenizer = byteTokenizer();

Deno.test("describeExample: token by token, with what is asked for behind an arrow", () => {
  const encoder = translationEncoder({ tokenizer, context: 16 });
  const example = encoder.encode({ source: "a", target: "xy", place });
  assertEquals(
    describeExample(example, tokenizer),
    'a.tsv line 3: 4 tokens, 3 with a loss\n    0   97  "a"\n    1   10  "\\n"  → "x"\n' +
      '    2  120  "x"   → "y"\n    3  121  "y"   → "\\n"',
  );
});

Deno.test("describeExample: what an encoder reads stands above", async () => {
  const pair = { source: "ab", target: "好", place };
  const { tokenizer } = await trainPairTokenizer([pair], { sourceSize: 256, minCharacters: 1 });
  const example = pairEncoder({ tokenizer, context: 8 }).encode(pair);
  assertEquals(describeExample(example, tokenizer).split("\n"), [
    "a.tsv line 3: 2 tokens, 2 with a loss",
    'the encoder reads "a" "b" "</s>"',
    '    0  1  "<s>"  → "好"',
    '    1  3  "好"    → "</s>"',
  ]);
});

Deno.test("describeExample: classes by name, several labels above", () => {
  const labels = new LabelSet(["ham", "spam"]);
  const single = classificationEncoder({ tokenizer, labels, context: 16 });
  const example = single.encode({ text: "ab", labels: ["spam"], place });
  assertEquals(
    describeExample(example, tokenizer, labels).split("\n"),
    ["a.tsv line 3: 2 tokens, 1 with a loss", '    0  97  "a"', '    1  98  "b"  → spam'],
  );
  const several = classificationEncoder({ tokenizer, labels, context: 16, multiLabel: true });
  const both = several.encode({ text: "a", labels: ["spam", "ham"], place });
  assertEquals(
    describeExample(both, tokenizer, labels).split("\n")[0],
    "a.tsv line 3: 1 tokens, labels spam, ham",
  );
  assertEquals(showTokens(example, tokenizer, labels), [
    { position: 0, id: 97, text: "a" },
    { position: 1, id: 98, text: "b", target: "spam" },
  ]);
});
