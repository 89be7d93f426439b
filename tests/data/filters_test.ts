import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  boilerplateRemoval,
  buildSteps,
  c4Paragraphs,
  c4Quality,
  type CleaningOptions,
  controlCharacterRemoval,
  fineWebQuality,
  gopherQuality,
  gopherRepetition,
  lengthFilter,
  lineEndings,
  piiRemoval,
  repetitionRemoval,
  unicodeNormalization,
  urlFilter,
  wordFilter,
} from "../../data/filters/mod.ts";
import type { Step } from "../../data/stage.ts";
import { type StepCase, testStep } from "./contract.ts";
import { repetitionReason } from "./filters/reference.ts";
import {
  chinesePoems,
  documentOf,
  hasTexts,
  webTexts,
  wikipediaArticles,
} from "./filters/texts.ts";

/** What a step makes of a text: the text after it, or why it drops it. */
function outcome({ apply }: Step, text: string, metadata = {}): string {
  const answer = apply(documentOf(text, metadata));
  return "drop" in answer ? `dropped: ${answer.drop}` : answer.text;
}

function assertKeeps(step: Step, text: string): void {
  assertEquals(outcome(step, text), text);
}

function assertDrops(step: Step, text: string, reason: string): void {
  assertEquals(outcome(step, text), `dropped: ${reason}`);
}

/** Different words of five letters. */
const words = (count: number, from = 0) =>
  Array.from(
    { length: count },
    (_, i) => [...(i + from).toString().padStart(5, "0")].map((d) => "abcdefghij"[+d]).join(""),
  );

const SENTENCE = "The mill at the river grinds corn.";
const blockingUrls = await urlFilter({ blockedDomains: ["bad.example"] });
const STEPS: [name: string, make: () => Step, cases: StepCase[]][] = [
  ["lengthFilter", () => lengthFilter({ minWords: 2 }), [
    { text: "one two" },
    { text: "one", drop: "too few words" },
    { text: "我们昨天去北京看朋友" },
  ]],
  ["gopherQuality", () => gopherQuality({ minWords: 3 }), [
    { text: SENTENCE, drop: "too few stop words" },
    { text: "to be of the mill", drop: "words too short" },
    { text: `${SENTENCE} That is of some use.` },
  ]],
  ["gopherRepetition", gopherRepetition, [
    { text: words(60).join(" ") },
    { text: Array(9).fill(SENTENCE).join("\n"), drop: "repeated lines" },
  ]],
  ["c4Quality", () => c4Quality({ minSentences: 1 }), [
    { text: `Menu\n${SENTENCE}`, becomes: SENTENCE },
    { text: "Menu", drop: "too few sentences" },
    { text: `Lorem ipsum. ${SENTENCE}`, drop: "lorem ipsum" },
  ]],
  ["c4Paragraphs", () => c4Paragraphs({ minParagraphs: 1, minParagraphLength: 20 }), [
    { text: SENTENCE },
    { text: "short", drop: "too few paragraphs" },
  ]],
  ["fineWebQuality", fineWebQuality, [
    { text: SENTENCE },
    { text: "", drop: "empty" },
    { text: "no full stop here", drop: "too few lines end with punctuation" },
  ]],
  ["unicodeNormalization", unicodeNormalization, [
    { text: "e\u0301", becomes: "é" },
    { text: "é" },
  ]],
  ["controlCharacterRemoval", controlCharacterRemoval, [
    { text: "a\0b", becomes: "ab" },
    { text: "ab" },
  ]],
  ["lineEndings", lineEndings, [{ text: "a\r\nb", becomes: "a\nb" }, { text: "a\nb" }]],
  ["boilerplateRemoval", boilerplateRemoval, [
    { text: `Skip to content\n${SENTENCE}`, becomes: SENTENCE },
    { text: SENTENCE },
  ]],
  ["repetitionRemoval", () => repetitionRemoval({ minCharacters: 3 }), [
    { text: "menu\nmill\nmenu", becomes: "menu\nmill" },
    { text: "menu" },
  ]],
  ["wordFilter", () => wordFilter({ words: ["darn"] }), [
    { text: "Darn!", drop: "blocked word" },
    { text: "Darned!" },
  ]],
  ["urlFilter", () => blockingUrls, [
    { text: "a", metadata: { url: "https://www.bad.example/" }, drop: "blocked domain" },
    { text: "a", metadata: { url: "https://good.example/" } },
  ]],
  ["piiRemoval", piiRemoval, [
    { text: "card 4111 1111 1111 1111.", becomes: "card [CARD]." },
    { text: SENTENCE },
  ]],
];
for (const each of STEPS) testStep(...each);

Deno.test("lengthFilter: on its limits a document stays, beyond them it goes", () => {
  const step = lengthFilter({ minCharacters: 5, maxCharacters: 9, minWords: 2, maxWords: 3 });
  assertKeeps(step, "a bcd");
  assertDrops(step, "a bc", "too few characters");
  assertKeeps(step, "a b cdefg");
  assertDrops(step, "a b cdefgh", "too many characters");
  assertDrops(step, "abcdef", "too few words");
  assertDrops(step, "a b c d e", "too many words");
  assertThrows(
    () => lengthFilter({ minWords: -1 }),
    RangeError,
    '"minWords" of at least 0, got -1',
  );
});

Deno.test("gopherQuality: each published limit, on it and beyond it", () => {
  const step = gopherQuality();
  const prose = (count: number) => ["the", "of", ...words(count - 2)].join(" ");
  assertKeeps(step, prose(50));
  assertDrops(step, prose(49), "too few words");
  assertDrops(gopherQuality({ maxWords: 50 }), prose(51), "too many words");
  assertDrops(step, "to be " + "ab ".repeat(60), "words too short");
  assertDrops(step, "the of " + "abcdefghijkl ".repeat(60), "words too long");
  const hashes = (count: number) => `${prose(90)} ${"# a ".repeat(count)}`.trim();
  assertKeeps(step, hashes(10));
  assertDrops(step, hashes(15), "too many #");
  assertDrops(step, `${prose(50)} ${"... b ".repeat(10)}`, "too many ellipses");
  const bullets = (share: number) =>
    Array.from({ length: 20 }, (_, i) => `${i < share * 20 ? "- " : ""}${prose(5)}`).join("\n");
  assertKeeps(step, bullets(0.9));
  assertDrops(step, bullets(0.95), "too many bullet lines");
  const trailing = (lines: number) =>
    Array.from({ length: 10 }, (_, i) => prose(30) + (i < lines ? "..." : "")).join("\n");
  assertKeeps(step, trailing(3));
  assertDrops(step, trailing(4), "too many lines end with an ellipsis");
  assertDrops(
    step,
    `the of ${"12345 ".repeat(20)}${words(40).join(" ")}`,
    "too few words with letters",
  );
  assertDrops(step, `the ${words(60).join(" ")}`, "too few stop words");
  assertKeeps(gopherQuality({ minStopWords: 1 }), `the ${words(60).join(" ")}`);
});

Deno.test("gopherQuality: English rules are not for scripts without spaces", () => {
  assertKeeps(gopherQuality(), "我们昨天去北京看朋友，今天回来了。".repeat(8));
});

Deno.test("gopherRepetition: lines, paragraphs and n-grams, on the limits and beyond", () => {
  const step = gopherRepetition();
  const lines = (repeated: number) =>
    [
      ...Array.from({ length: 100 - repeated }, (_, i) => words(9, 100 * i).join(" ")),
      ...Array.from({ length: repeated }, () => "ab"),
    ].join("\n");
  assertKeeps(step, lines(31));
  assertDrops(step, lines(32), "repeated lines");
  assertDrops(step, lines(40).replaceAll("\n", "\n\n"), "repeated paragraphs");
  const line = words(90, 5000).join(" ");
  const half = Array.from({ length: 8 }, (_, i) => words(20, 100 * i).join(" "));
  assertDrops(step, [...half, line, line].join("\n"), "characters in repeated lines");
  assertDrops(step, [...half, line, line].join("\n\n"), "characters in repeated paragraphs");
  assertDrops(step, `${words(60).join(" ")} ${"round about ".repeat(12)}`, "top 2-gram");
  const phrase = words(12, 9000).join(" ");
  const twice = `${words(40).join(" ")} ${phrase} ${words(3, 700).join(" ")} ${phrase}`;
  for (const [n, reason] of [[5, "repeated 5-grams"], [10, "repeated 10-grams"]] as const) {
    assertDrops(gopherRepetition({ repeatedNgrams: [[n, 0.1]] }), twice, reason);
    assertKeeps(gopherRepetition({ repeatedNgrams: [[n, 0.2]] }), twice);
  }
  assertThrows(() => gopherRepetition({ topNgrams: [[1, 0.5]] }), RangeError, "got [1, 0.5]");
});

Deno.test(
  {
    name: "gopherRepetition agrees with the plain rules on real texts",
    ignore: !hasTexts("wikitext-2"),
  },
  () => {
    const step = gopherRepetition();
    for (
      const text of [
        ...wikipediaArticles(),
        ...webTexts().slice(0, 60),
        ...chinesePoems().slice(0, 200),
      ]
    ) {
      const answer = step.apply(documentOf(text));
      assertEquals("drop" in answer ? answer.drop : undefined, repetitionReason(text));
    }
  },
);

Deno.test("c4Quality: keeps lines that read like sentences", () => {
  const step = c4Quality({ minSentences: 1 });
  const text = [
    "Menu | Home",
    "A mill grinds corn [1].",
    "Two words.",
    "Please enable JavaScript to see this.",
    "We use cookies for your joy.",
    "He trailed off...",
    '"Was it so?" she asked!',
    "磨坊在河边磨粮食。",
  ].join("\n");
  assertEquals(
    outcome(step, text),
    'A mill grinds corn .\n"Was it so?" she asked!\n磨坊在河边磨粮食。',
  );
  const sentences = (count: number) => "The mill grinds corn. ".repeat(count).trim();
  assertKeeps(c4Quality(), sentences(5));
  assertDrops(c4Quality(), sentences(4), "too few sentences");
  assertDrops(step, "Lorem ipsum dolor sit amet.", "lorem ipsum");
  assertDrops(step, "A function { is code }.", "curly bracket");
  assertKeeps(c4Quality({ minSentences: 1, needsTerminalPunctuation: false }), "no full stop here");
  const long = `two words ${"a".repeat(1001)}.`;
  assertDrops(step, long, "too few sentences");
  assertDrops(step, `${"word ".repeat(500)}${long} ${"word ".repeat(500)}.`, "too few sentences");
  assertKeeps(step, long.replace("aa", ""));
  assertKeeps(step, `${"word ".repeat(500)}${long.replace("aa", "")} ${"word ".repeat(500)}end.`);
  assertKeeps(step, `${"磨坊磨粮食".repeat(300)}。`); // many words, and no space between them
});

Deno.test("c4Paragraphs: three lines of 200 characters", () => {
  assertKeeps(c4Paragraphs(), Array(3).fill("x".repeat(200)).join("\n"));
  assertDrops(c4Paragraphs(), Array(3).fill("x".repeat(199)).join("\n"), "too few paragraphs");
});

Deno.test("fineWebQuality: each limit, on it and beyond", () => {
  const step = fineWebQuality();
  const line = (i: number, end = "") => words(8, 10 * i).join(" ") + end;
  const ended = (count: number) =>
    Array.from({ length: 25 }, (_, i) => line(i, i < count ? "." : "")).join("\n");
  assertKeeps(step, ended(3));
  assertDrops(step, ended(2), "too few lines end with punctuation");
  const short = (count: number) =>
    Array.from(
      { length: 100 },
      (_, i) => i < count ? `${words(4, 10 * i).join(" ")}.` : line(i, "."),
    ).join("\n");
  assertKeeps(step, short(67));
  assertDrops(step, short(68), "too many short lines");
  assertDrops(step, `${ended(25)}\n${line(0, ".")}`, "characters in repeated lines");
  const breaks = (blank: number) => `${line(0, ".")}${"\n".repeat(blank)}${line(100, ".")}`;
  assertKeeps(step, breaks(5));
  assertDrops(step, breaks(6), "too many line breaks");
  assertDrops(step, " \n", "empty");
});

Deno.test("normalization: Unicode, control characters and line endings", () => {
  assertEquals(outcome(unicodeNormalization(), "e\u0301 ﬁ"), "é ﬁ");
  assertEquals(outcome(unicodeNormalization({ form: "NFKC" }), "ﬁ ２"), "fi 2");
  assertEquals(outcome(controlCharacterRemoval(), "a\u200b\0b\ufeff\tc\n"), "ab\tc\n");
  assertKeeps(controlCharacterRemoval(), "👩\u200d🌾 joined");
  assertEquals(outcome(lineEndings(), "a\r\nb\rc\u2028d\n"), "a\nb\nc\nd\n");
});

Deno.test("boilerplate and repeated pieces go, prose stays", () => {
  const text =
    "Skip to content\nThe mill stands.\nRead more...\nShare this on Facebook\nAll rights reserved.";
  assertEquals(outcome(boilerplateRemoval(), text), "The mill stands.");
  assertEquals(
    outcome(boilerplateRemoval({ lines: ["The mill stands."], builtIn: false }), text),
    text.replace("The mill stands.\n", ""),
  );
  const long = "This line is longer than forty characters, surely.";
  assertEquals(
    outcome(repetitionRemoval(), `${long}\nshort\n${long}\nshort`),
    `${long}\nshort\nshort`,
  );
  assertEquals(
    outcome(
      repetitionRemoval({ unit: "paragraph", minCharacters: 3 }),
      "one\ntwo\n\none\n\none\ntwo",
    ),
    "one\ntwo\n\none",
  );
});

Deno.test("wordFilter: whole words, and any place in scripts without spaces", () => {
  const step = wordFilter({ words: ["darn", "two words", "赌博"] });
  assertDrops(step, "Darn it!", "blocked word");
  assertDrops(step, "in TWO WORDS", "blocked word");
  assertDrops(step, "他在赌博场", "blocked word");
  assertKeeps(step, "darned socks");
});

Deno.test("urlFilter: domains, addresses and words", async () => {
  const step = await urlFilter({
    blockedDomains: ["# a comment", "bad.example", "co.uk"],
    blockedUrls: ["https://good.example/page"],
    blockedUrlWords: ["casino"],
    suspiciousUrlWords: ["cheap", "pills"],
    blockedUrlSubwords: ["xxporn"],
  });
  const of = (url: string) => outcome(step, "text", { url });
  assertEquals(of("https://www.bad.example/a"), "dropped: blocked domain");
  assertEquals(of("https://good.example/page"), "dropped: blocked address");
  assertEquals(of("https://good.example/casino-games"), "dropped: blocked word");
  assertEquals(of("https://good.example/cheap-pills"), "dropped: suspicious words");
  assertEquals(of("https://good.example/a.xx-porn"), "dropped: blocked part of a word");
  assertEquals(of("https://good.example/cheap"), "text");
  assertEquals(outcome(step, "text"), "text");
});

Deno.test("piiRemoval: what is found and what is left", () => {
  const step = piiRemoval();
  const clean = (text: string) => outcome(step, text);
  assertEquals(/jane|mill\.org/.test(clean("Write to jane.doe@mill.org now")), false);
  assertEquals(clean("at 8.8.8.8 or 2001:4860:4860::8888").includes("8.8.8.8"), false);
  assertEquals(clean("2a00:1450:4001::1").startsWith("2001:db8:"), true);
  for (
    const text of [
      "127.0.0.1, 10.1.2.3, 192.168.0.1 and 172.16.9.9 are private",
      "version 1.2.3.4.5 and name@example.com",
      "4111 1111 1111 1112 fails Luhn",
      "555-0100 alone, 2024-11-24, 3.14159",
      "sk-learn and ghp_short",
    ]
  ) assertKeeps(step, text);
  assertEquals(clean("card 4111 1111 1111 1111."), "card [CARD].");
  assertEquals(clean("card 378282246310005"), "card [CARD]");
  assertEquals(clean("AKIAIOSFODNN7EXAMPLE"), "[SECRET]");
  assertEquals(clean(`ghp_${"a1B2".repeat(9)}`), "[SECRET]");
  assertEquals(clean("call +49 30 901820 now").includes("901820"), false);
  assertEquals(clean("call (415) 867-5309").includes("5309"), false);
});

Deno.test("piiRemoval: deterministic, done once, and of the kinds asked for", () => {
  const text = "a@b.org, 8.8.4.4, (415) 867-5309";
  const once = outcome(piiRemoval(), text);
  assertEquals(outcome(piiRemoval(), text), once);
  assertEquals(outcome(piiRemoval(), once), once);
  assertEquals(outcome(piiRemoval({ kinds: ["ip"] }), text).startsWith("a@b.org, "), true);
  const start = performance.now();
  outcome(piiRemoval(), "1.".repeat(200_000) + "@".repeat(200_000) + "+1 ".repeat(100_000));
  assertEquals(performance.now() - start < 3000, true);
});

const namesOf = async (options: CleaningOptions) =>
  (await buildSteps(options)).map(({ name }) => name);

Deno.test("buildSteps: presets and their order", async () => {
  assertEquals(await namesOf({}), []);
  assertEquals(await namesOf({ preset: "gopher" }), [
    "line endings",
    "gopher repetition",
    "gopher quality",
  ]);
  assertEquals(await namesOf({ preset: "c4" }), ["line endings", "c4 quality"]);
  assertEquals(await namesOf({ preset: "fineweb", minWords: 3, languages: ["en"] }), [
    ...["line endings", "language", "gopher repetition", "gopher quality", "c4 quality"],
    ...["fineweb quality", "length", "pii"],
  ]);
  assertEquals(await namesOf({ preset: "fineweb", gopherQuality: false, pii: false }), [
    ...["line endings", "gopher repetition", "c4 quality", "fineweb quality"],
  ]);
});

Deno.test("buildSteps: a user's limit overrides the preset's and leaves its others", async () => {
  const steps = await buildSteps({ preset: "fineweb", c4Quality: { minSentences: 1 } });
  const c4 = steps.find(({ name }) => name === "c4 quality")!;
  assertKeeps(c4, "One line without a full stop");
  assertDrops(c4, "code { here", "curly bracket");
});

Deno.test("buildSteps: refuses what it does not know", async () => {
  await assertRejects(
    () => buildSteps({ preset: "best" as "c4" }),
    RangeError,
    "wanted a preset of none, gopher, c4, fineweb, got best",
  );
  await assertRejects(() => buildSteps({ pii: ["name" as "ip"] }), RangeError, "got name");
});
