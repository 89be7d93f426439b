import { assert, assertEquals } from "@std/assert";
import { extractMainText } from "../../../data/sources/web/mod.ts";
import { readPages, score, WCXB } from "./web/wcxb.ts";

const bytesOf = (html: string) => new TextEncoder().encode(html);
const textOf = async (html: string) => (await extractMainText(bytesOf(html)))?.text;

const STORY = [
  "The mill stood where the river bends, and it had ground the corn of the valley, the barley of " +
  "the hills and the chestnuts of the poor for longer than anyone could say.",
  "In the year of the great flood, the wheel was torn from its axle, carried down to the bridge, " +
  "and found there in the morning, whole, with a cat asleep on it.",
  "The miller, who had never liked the cat, gave it a room of its own; and the wheel, once it was " +
  "back in its place, never stood still again.",
];

Deno.test("extractMainText keeps the story and leaves the frames", async () => {
  const page = await extractMainText(bytesOf(
    `<!doctype html><html><head><title>The mill</title><style>p { color: red }</style></head><body>
     <header><a href="/">Home</a> <a href="/all">All stories</a></header>
     <nav><ul><li><a href="/1">One</a></li><li><a href="/2">Two</a></li></ul></nav>
     <div class="cookie-banner">We use cookies, as everybody does.</div>
     <article><h1>The mill</h1>${STORY.map((text) => `<p>${text}</p>`).join("\n")}</article>
     <script>document.body.innerHTML = "never run"</script>
     <footer>All rights reserved.</footer></body></html>`,
  ));
  assertEquals(page, { text: STORY.join("\n\n"), title: "The mill" });
});

Deno.test("extractMainText: lists, tables, breaks and preformatted text", async () => {
  assertEquals(
    await textOf(
      `<body><h2>To <b>do</b></h2><ul><li><p>one</p></li><li>two<ul><li>in two</li></ul></li></ul>
       <table><tr><td>a</td><td>b</td></tr><tr><td>c<td>d</table>
       <p>first<br>second &amp; last&nbsp;word</p><pre>if x:\n    y()</pre>`,
    ),
    "To do\n\n- one\n- two\n- in two\n\na b\nc d\n\nfirst\nsecond & last word\n\nif x:\n    y()",
  );
});

Deno.test("extractMainText: a page without text has none", async () => {
  for (const html of ["", "<html></html>", "<nav>Home</nav>", "<script>x</script>", " \n"]) {
    assertEquals(await extractMainText(bytesOf(html)), null);
  }
});

Deno.test("extractMainText reads the encodings that browsers read", async () => {
  const windows1252 = Uint8Array.from("<p>d\xe9j\xe0 vu \x96 \x80", (char) => char.charCodeAt(0));
  const shiftJis = [0x93, 0xfa, 0x96, 0x7b]; // 日本
  const meta = (charset: string) => [...bytesOf(`<meta charset="${charset}"><p>`)];
  const utf16 = [
    0xff,
    0xfe,
    ...new Uint8Array(Uint16Array.from("<p>é", (c) => c.charCodeAt(0)).buffer),
  ];
  const cases: [string, number[] | Uint8Array, string?][] = [
    ["déjà vu – €", windows1252],
    ["déjà vu", bytesOf("<p>déjà vu")],
    ["日本", [...meta("Shift_JIS"), ...shiftJis]],
    ["日本", [...meta("utf-8"), ...shiftJis], "text/html; charset=shift_jis"],
    ["日本", [...bytesOf('<meta http-equiv=x content="text/html; charset=sjis"><p>'), ...shiftJis]],
    ["日本", [...bytesOf('<?xml version="1.0" encoding="Shift_JIS"?><p>'), ...shiftJis]],
    ["é", utf16, "text/html; charset=latin1"],
    ["é", [...meta("utf-16"), 0xc3, 0xa9]],
    ["é", [...meta("no-such-thing"), 0xc3, 0xa9]],
    ["é", [...bytesOf("<!-- <meta charset=koi8-r> --><p>"), 0xc3, 0xa9]],
  ];
  for (const [text, bytes, contentType] of cases) {
    assertEquals((await extractMainText(Uint8Array.from(bytes), { contentType }))?.text, text);
  }
});

Deno.test("extractMainText stays whole on hostile pages", async () => {
  for (
    const tag of ["<div>", "<b>", "<a href=x>", "<table>", "<p><font>", "<li>", "</p>", "<svg>"]
  ) {
    const began = performance.now();
    await textOf(`<p>begin ${tag.repeat(5_000)} end`);
    assert(performance.now() - began < 5000, `${tag} took ${performance.now() - began} ms`);
  }
  assertEquals((await textOf(`${"<div>".repeat(5000)}deep`))?.trim(), "deep");
  assertEquals(await extractMainText(bytesOf("<p>too large"), { maxBytes: 11 }), null);
});

const ignore = await Deno.stat(WCXB).then(() => false, () => true);

Deno.test(
  { name: "extractMainText finds what people marked in web pages (wcxb-web)", ignore },
  async () => {
    const pages = await readPages(5);
    const texts = [];
    for (const { html } of pages) texts.push((await extractMainText(html))?.text ?? "");
    const { f1, withKept, withoutKept } = score(pages, texts);
    assert(f1 > 0.88, `word F1 ${f1}`);
    assert(withKept > 0.75, `kept ${withKept} of what belongs to the pages`);
    assert(withoutKept < 0.08, `kept ${withoutKept} of what does not`);
  },
);
