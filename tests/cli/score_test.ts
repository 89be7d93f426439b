import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { withFiles } from "../data/sources/streams.ts";
import { quern } from "./quern.ts";

/** Runs `quern eval` in a folder of these files, with no more than reading and writing. */
function inFiles(
  files: Record<string, string>,
  work: (run: (...args: string[]) => ReturnType<typeof quern>, folder: string) => Promise<void>,
): Promise<void> {
  return withFiles(
    files,
    (cwd) =>
      work((...args) => quern(["eval", ...args], { cwd, permissions: ["--allow-write"] }), cwd),
  );
}

const DOG = {
  "out.txt": "The dog bit the man.\nIt wasn't surprising.\nThe man had just bitten him.\n",
  "first.txt": "The dog bit the man.\nIt was not unexpected.\nThe man bit him first.\n",
  "second.txt": "The dog had bit the man.\nNo one was surprised.\nThe man had bitten the dog.\n",
};
const DOG_ARGS = [
  "--predictions",
  "out.txt",
  "--references",
  "first.txt",
  "--references",
  "second.txt",
];

Deno.test("quern eval --predictions: BLEU and chrF of translations, sacreBLEU's published figures", () =>
  inFiles(DOG, async (run) => {
    const { code, stdout } = await run(...DOG_ARGS, "--bleu-tokenizer", "13a");
    assertEquals(code, 0);
    assertStringIncludes(
      stdout,
      "BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)",
    );
    assertStringIncludes(stdout, "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:quern");
    assertStringIncludes(stdout, "chrF2 = 59.73");
    const json = JSON.parse((await run(...DOG_ARGS, "--json")).stdout);
    assertAlmostEquals(json.bleu.score, 48.530827, 1e-6);
    assert(json.bleu.interval.low < json.bleu.score);
  }));

Deno.test("quern eval --predictions: Chinese, a report with the worst, sentences of another number", () =>
  inFiles({
    "out.txt": "他每天去磨坊。\n你好\n",
    "ref.txt": "他天天去磨坊。\n再见\n",
    "in.txt": "a\nb\n",
  }, async (run, folder) => {
    const args = ["--predictions", "out.txt", "--references", "ref.txt", "--bleu-tokenizer", "zh"];
    const { code, stdout } = await run(...args, "--inputs", "in.txt", "--report", "report.html");
    assertEquals(code, 0);
    assertStringIncludes(stdout, "tok:zh");
    const html = await Deno.readTextFile(`${folder}/report.html`);
    assert(html.indexOf("再见") < html.indexOf("他天天"), "the worst come first");
    await Deno.writeTextFile(`${folder}/short.txt`, "他\n");
    const failed = await run("--predictions", "short.txt", "--references", "ref.txt");
    assertEquals(failed.code, 1);
    assertMatch(
      failed.stderr,
      /wanted 1 lines, one for each of the predictions, got 2; check that/,
    );
  }));

Deno.test("quern eval --task classify: accuracy, each class, who was taken for whom, how sure", () =>
  inFiles({
    "out.tsv": "ham\t0.9\nspam\t0.99\nham\t0.6\nham\t0.7\n",
    "ref.txt": "ham\nham\nspam\nham\n",
    "in.txt": "one\ntwo\nthree\nfour\n",
  }, async (run, folder) => {
    const args = ["--task", "classify", "--predictions", "out.tsv", "--references", "ref.txt"];
    const files = ["--inputs", "in.txt", "--report", "r.html", "--confusion", "c.svg"];
    const { code, stdout } = await run(...args, ...files);
    assertEquals(code, 0);
    assertMatch(stdout, /^accuracy {2}50\.0% {2}\(\d/);
    assertMatch(stdout, /ham +0\.6667 +0\.6667 +0\.6667 +3\n/);
    assertStringIncludes(stdout, "      ham  spam\n ham    2     1\nspam    1     0");
    const html = await Deno.readTextFile(`${folder}/r.html`);
    assert(html.indexOf("99.0% sure") < html.indexOf("60.0% sure"));
    assertStringIncludes(html, ">two<");
    assertMatch(await Deno.readTextFile(`${folder}/c.svg`), /^<svg [\s\S]*ham → spam: 1/);
  }));

Deno.test("quern eval --task classify --multi-label: exact match and F1", () =>
  inFiles({ "out.txt": "a, b\n\nc\n", "ref.txt": "a,b\nb\nc\n" }, async (run) => {
    const args = ["--task", "classify", "--multi-label", "--predictions", "out.txt"];
    const { stdout } = await run(...args, "--references", "ref.txt", "--json");
    const { exactMatch, micro } = JSON.parse(stdout);
    assertAlmostEquals(exactMatch, 2 / 3, 1e-12);
    assertEquals([micro.precision, micro.recall], [1, 3 / 4]);
  }));

Deno.test("quern eval --task tag: entities strictly and by default, from CoNLL or five columns", () =>
  inFiles({
    "ref.conll": "Ada\tB-PER\nLovelace\tI-PER\n\nin\tO\nParis\tB-LOC\n",
    "out.conll": "Ada\tB-PER\nLovelace\tI-PER\n\nin\tO\nParis\tI-LOC\n",
    "out.iob2":
      "# text = Ada Lovelace\n1\tAda\tB-PER\t-\t-\n2\tLovelace\tO\t-\t-\n\n1\tin\tO\t-\t-\n2\tParis\tB-LOC\t-\t-\n",
  }, async (run, folder) => {
    const args = ["--task", "tag", "--references", "ref.conll", "--json"];
    const f1 = async (...more: string[]) =>
      JSON.parse((await run(...args, ...more)).stdout).micro.f1;
    assertAlmostEquals(await f1("--predictions", "out.conll"), 2 / 3, 1e-12);
    assertEquals(await f1("--predictions", "out.conll", "--entity-mode", "default"), 1);
    assertEquals(await f1("--predictions", "out.iob2", "--report", "r.html"), 0.5);
    const html = await Deno.readTextFile(`${folder}/r.html`);
    assertStringIncludes(html, "<mark>Ada Lovelace<small>PER</small></mark>");
  }));

Deno.test("quern eval --task chat and choice", () =>
  inFiles({
    "out.txt": "i do not know\ni do\n",
    "val.jsonl": JSON.stringify({ ctx: "A woman", endings: ["sings.", "sleeps now."], label: 1 }) +
      "\n",
    "scores.jsonl": "[-6.5, -7]\n",
  }, async (run) => {
    const chat = JSON.parse(
      (await run("--task", "chat", "--predictions", "out.txt", "--json")).stdout,
    );
    assertEquals(chat, { distinct1: 4 / 6, distinct2: 3 / 4 });
    const args = ["--task", "choice", "--references", "val.jsonl", "--json"];
    const choice = JSON.parse((await run(...args, "--predictions", "scores.jsonl")).stdout);
    assertEquals([choice.accuracyNormalized, choice.accuracy], [1, 0]);
    const failed = await run(...args, "--predictions", "out.txt");
    assertMatch(failed.stderr, /wanted 1 lines, one for each of the questions, got 2/);
  }));

Deno.test("quern eval --predictions: what is missing or does not fit is wrong usage", () =>
  inFiles(DOG, async (run) => {
    const cases: [string[], RegExp][] = [
      [["--predictions", "out.txt"], /needs both --predictions FILE and --references FILE/],
      [["--references", "first.txt"], /needs both --predictions FILE and --references FILE/],
      [[...DOG_ARGS, "--task", "classify"], /--task classify takes one file of --references/],
      [[...DOG_ARGS, "--confusion", "c.svg"], /--task translate has no confusion matrix/],
      [[...DOG_ARGS, "--bleu-tokenizer", "zn"], /must be one of 13a, zh, char.*"zh"/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await run(...args);
      assertEquals(code, 2, args.join(" "));
      assertMatch(stderr, message);
    }
  }));
