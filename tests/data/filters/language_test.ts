import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Document } from "../../../data/document.ts";
import { languageFilter, loadLanguageIdentifier } from "../../../data/filters/language.ts";
import { stage } from "../../../data/stage.ts";
import { testStep } from "../contract.ts";

const TEXTS: Record<string, string> = {
  en: "The miller, who had never liked the cat, gave it a room of its own.",
  de: "Der Müller, der die Katze nie gemocht hatte, gab ihr ein eigenes Zimmer.",
  fr: "Le meunier, qui n'avait jamais aimé le chat, lui donna sa propre chambre.",
  ru: "Мельник, который никогда не любил кошку, дал ей отдельную комнату.",
  ar: "أعطى الطحان القطة غرفة خاصة بها رغم أنه لم يحبها قط",
  zh: "牀前看月光，疑是地上霜。舉頭望山月，低頭思故鄉。",
  ja: "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
  ko: "방앗간 주인은 고양이를 좋아하지 않았지만 방을 하나 내주었다.",
  th: "เจ้าของโรงสีไม่เคยชอบแมวตัวนี้ แต่เขาก็ให้ห้องแก่มัน",
};

const documentOf = (text: string): Document => ({ id: text, text, source: "test", metadata: {} });

const wanted = await languageFilter({ languages: ["zh", "ja", "th"] });
testStep(
  "languageFilter",
  () => wanted,
  Object.entries(TEXTS).map(([language, text]) => {
    const isWanted = ["zh", "ja", "th"].includes(language);
    return { text, ...(!isWanted && { drop: "language" }) };
  }),
);

Deno.test("the identifier knows scripts with and without spaces", async () => {
  const identify = await loadLanguageIdentifier();
  for (const [language, text] of Object.entries(TEXTS)) {
    assertEquals(identify(text)?.language, language);
  }
  assertEquals(identify("12345 !!! 999"), null);
  assertEquals(identify(""), null);
});

Deno.test("the identifier looks beyond the beginning of a text", async () => {
  const identify = await loadLanguageIdentifier();
  const text = TEXTS.en.repeat(20) + TEXTS.de.repeat(200);
  assertEquals(identify(text)?.language, "de");
  assert(identify(text)!.score < identify(TEXTS.de.repeat(200))!.score);
});

Deno.test("languageFilter counts what it drops by reason", async () => {
  const filter = stage(await languageFilter({ languages: ["en"], minScore: 0.5 }));
  const texts = [TEXTS.en, TEXTS.de, "12345"];
  await Array.fromAsync(ReadableStream.from(texts.map(documentOf)).pipeThrough(filter));
  const { dropped, out } = filter.report;
  assertEquals([out.documents, dropped.language.documents], [1, 1]);
  assertEquals(dropped["language unclear"], { documents: 1, bytes: 5 });
});

Deno.test("languageFilter refuses what it can't do", async () => {
  await assertRejects(
    () => languageFilter({ languages: ["en", "tlh"] }),
    RangeError,
    "Cannot filter by language: wanted some of am, ar,",
  );
  await assertRejects(() => languageFilter({ languages: [] }), RangeError, "got none");
  await assertRejects(
    () => languageFilter({ languages: ["en"], minScore: 65 }),
    RangeError,
    "wanted a minScore from 0 to 1, got 65",
  );
});

const FOLDER = new URL("../../../../shared/data/", import.meta.url);
const ignore = await Deno.stat(FOLDER).then(() => false, () => true);

Deno.test(
  { name: "the identifier on real English and Chinese (shared/data)", ignore },
  async () => {
    const identify = await loadLanguageIdentifier();
    const english = await Deno.readTextFile(new URL("tinyshakespeare.txt", FOLDER));
    const folder = new URL("chinese-poetry/", FOLDER);
    const [name] = [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".json.gz")).sort();
    const file = await Deno.open(new URL(name, folder));
    const unpacked = file.readable.pipeThrough(new DecompressionStream("gzip"));
    const poems: { paragraphs: string[] }[] = await new Response(unpacked).json();
    const share = (texts: string[], language: string) =>
      texts.filter((text) => identify(text)?.language === language).length / texts.length;
    const scenes = english.slice(0, 200_000).match(/[^]{1,2000}/g)!;
    assertEquals(share(scenes, "en"), 1);
    const verses = poems.slice(0, 300).map(({ paragraphs }) => paragraphs.join("\n"))
      .filter((text) => text.length > 20);
    assert(share(verses, "zh") > 0.97, `${share(verses, "zh")} of the poems`);
  },
);
