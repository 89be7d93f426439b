import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { type Browser, chromium, type Page } from "playwright-core";
import { Served, until } from "../served.ts";

/** The system's browser; without one these tests are skipped. */
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const path = BROWSERS.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Keeps the browser from asking anyone but the page's own server. */
const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

/** What a page did that it must not. */
interface Faults {
  console: string[];
  outside: string[];
}

async function open(browser: Browser, url: string, viewport = DESKTOP): Promise<[Page, Faults]> {
  const page = await browser.newPage({ viewport });
  const faults: Faults = { console: [], outside: [] };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      faults.console.push(message.text());
    }
  });
  page.on("pageerror", (error) => faults.console.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) faults.outside.push(request.url());
  });
  await page.goto(url);
  await page.locator("#model option").first().waitFor({ state: "attached" });
  return [page, faults];
}

const setLength = async (page: Page, tokens: number) => {
  await page.fill("input[type=number][name=max_tokens]", String(tokens));
  await page.keyboard.press("Tab");
};

const textOf = (page: Page) => page.locator(".text").last().innerText();
const clipboard = async (page: Page) =>
  await page.evaluate("navigator.clipboard.readText()") as string;
const isOver = (page: Page) => page.locator("#send").waitFor({ state: "visible" });

Deno.test({
  name: "playground: a person writes, watches, stops and copies in a real browser",
  ignore: path === undefined,
  // The browser's pipes outlive its end by a turn of the event loop.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn(t) {
    await using served = await Served.start({
      models: { tiny: { tokenizer: "bpe", context: 1024 }, other: { seed: 2 } },
    });
    const browser = await chromium.launch({ executablePath: path, args: ARGUMENTS });
    try {
      const [page, faults] = await open(browser, served.url);

      await t.step(
        "tokens stream, shaded, with their alternatives on hover and focus",
        async () => {
          assertEquals(await page.locator("#model option").allTextContents(), ["tiny", "other"]);
          await setLength(page, 24);
          await page.fill("#seed", "7");
          await page.fill("#prompt", "To be");
          await page.press("#prompt", "Control+Enter");
          await page.locator(".token").first().waitFor();
          await isOver(page);
          const expected = await served.complete("To be", {
            ...{ max_tokens: 24, seed: 7, temperature: 0.8 },
          });
          assertEquals(
            await page.locator(".text").evaluate((e) => e.textContent),
            "To be" + expected,
          );
          assertMatch(
            await page.innerText("#stats"),
            /^24 tokens · first after \d+ ms · .*tokens\/s · length reached$/,
          );
          await page.locator(".token", { hasText: /\w/ }).first().hover();
          assertGreater(await page.locator("#alternatives li").count(), 4);
          await page.mouse.move(0, 0);
          await page.locator(".token").first().focus();
          await page.keyboard.press("ArrowRight");
          assertEquals(
            await page.locator(".token:focus").innerText(),
            await page.locator(".token").nth(1).innerText(),
          );
          assert(await page.locator("#alternatives").isVisible());
          await page.keyboard.press("Escape");
          assert(!await page.locator("#alternatives").isVisible());
        },
      );

      await t.step("regenerate with a seed gives the same text, without one another", async () => {
        const first = await textOf(page);
        await page.press("#prompt", "Alt+r");
        await isOver(page);
        assertEquals(await textOf(page), first);
        await page.fill("#seed", "");
        await page.click("#regenerate");
        await isOver(page);
        assert(await textOf(page) !== first);
      });

      await t.step("stop ends it, and the server's slot is free", async () => {
        await setLength(page, 1000);
        await page.click("#send");
        // A token may be white space, of which nothing is visible.
        await page.locator(".token").first().waitFor({ state: "attached" });
        await page.keyboard.press("Escape");
        await isOver(page);
        assertMatch(await page.innerText("#stats"), /stopped$/);
        for (let i = 0; await served.metric("num_requests_running") > 0; i++) {
          assert(i < 100, "the slot is still taken a second later");
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      });

      await t.step("what is copied asks for the same again", async () => {
        await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
        await page.click("[data-copy=curl]");
        const curl = await clipboard(page);
        const body = JSON.parse(/-d '(.*)'$/s.exec(curl)![1]);
        assertEquals(body, { model: "tiny", prompt: "To be", max_tokens: 1000, temperature: 0.8 });
        const { choices } = await served.json("/v1/completions", body);
        assertEquals(choices.length, 1);
        await page.click("[data-copy=typescript]");
        const code = await clipboard(page);
        assertMatch(code, /client\.completions\.create\(\{/);
      });

      await t.step("hostile text from people and models is shown as text", async () => {
        const hostile = `<img src=x onerror="document.title='owned'"><script>alert(1)</script>`;
        await setLength(page, 4);
        await page.fill("#prompt", hostile);
        await page.click("#send");
        await isOver(page);
        assert((await textOf(page)).startsWith(hostile));
        await page.route("**/v1/completions", (route) => {
          const event = {
            choices: [{ index: 0, text: hostile, logprobs: null, finish_reason: "stop" }],
          };
          return route.fulfill({
            contentType: "text/event-stream",
            body: `data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`,
          });
        });
        await page.click("#send");
        await isOver(page);
        assert((await textOf(page)).endsWith(hostile));
        await page.unroute("**/v1/completions");
        assertEquals(await page.title(), "Quern playground");
        assertEquals(await page.locator("#transcript img, #transcript script").count(), 0);
      });

      await t.step(
        "a length that the prompt leaves no room for is cut to what there is",
        async () => {
          await setLength(page, 1023);
          await page.fill("#prompt", "To be, or not to be");
          await page.click("#send");
          await isOver(page);
          assert(!await page.locator("#error").isVisible());
          assertGreater((await textOf(page)).length, 20);
          await setLength(page, 20);
        },
      );

      await t.step("faults are told in words", async () => {
        await page.fill("#prompt", "long ".repeat(2000));
        await page.click("#send");
        await page.locator("#error").waitFor({ state: "visible" });
        assertMatch(await page.innerText("#error"), /context/);
        await page.fill("#prompt", "To be");
        await page.click("#send");
        await isOver(page);
        assert(!await page.locator("#error").isVisible());
      });

      const failed = /status of 400/; // the browser's own line for the answer provoked above
      assertEquals(faults.console.filter((text) => !failed.test(text)), []);
      assertEquals(faults.outside, []);

      await t.step(
        "a chat on a phone, where settings slide in and nothing is cut off",
        async () => {
          const [phone, faults] = await open(browser, served.url, PHONE);
          await phone.click("text=Chat");
          await phone.click("#open-settings");
          await setLength(phone, 12);
          await phone.fill("#system", "Be brief.");
          await phone.click("#close-settings");
          await phone.fill("#prompt", "Hello");
          await phone.press("#prompt", "Enter");
          await isOver(phone);
          await phone.fill("#prompt", "Again");
          await phone.press("#prompt", "Enter");
          await isOver(phone);
          assertEquals(await phone.locator(".text").count(), 4);
          const wide = await phone.evaluate("document.documentElement.scrollWidth > innerWidth");
          assert(!wide, "the page is wider than the phone");
          assertEquals(faults, { console: [], outside: [] });
        },
      );
    } finally {
      await browser.close();
    }
  },
});

Deno.test({
  name: "playground: a server with keys asks for one, and keeps it out of the address",
  ignore: path === undefined,
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    await using served = await Served.start({ keys: [{ key: "sk-secret", name: "me" }] });
    const browser = await chromium.launch({ executablePath: path, args: ARGUMENTS });
    try {
      const page = await browser.newPage();
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(served.url);
      await page.fill("#key", "sk-secret");
      await page.press("#key", "Enter");
      await page.locator("#model option").waitFor({ state: "attached" });
      await page.fill("#prompt", "Hi");
      await page.click("#send");
      await page.locator(".token").first().waitFor({ state: "attached" });
      assertEquals(asked.filter((url) => url.includes("secret")), []);
    } finally {
      await browser.close();
    }
  },
});

Deno.test("playground: the page and its files come under a strict policy, with and without keys", async () => {
  await using served = await Served.start({
    keys: [{ key: "sk-secret", name: "me" }],
    wait: false,
  });
  const page = await (await fetch(served.url)).text();
  const files = [...page.matchAll(/(?:href|src)="(\/playground\/[^"]+)"/g)].map(([, path]) => path);
  assert(files.length >= 3);
  for (const path of ["/", ...files]) {
    const response = await fetch(served.url + path);
    const policy = response.headers.get("content-security-policy") ?? "";
    assertEquals(response.status, 200, path);
    assertMatch(policy, /default-src 'none'; script-src 'self'/);
    assert(!policy.includes("unsafe"), policy);
    await response.body?.cancel();
  }
});

Deno.test({
  name: "playground: a model with a head tells classes with their probabilities, or marks entities",
  ignore: path === undefined,
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const labels = ["O", "B-PER", "I-PER"];
    await using served = await Served.start({
      models: {
        classes: { head: { of: "text", labels: ["ham", "spam"] } },
        entities: { head: { of: "token", labels } },
      },
    });
    const browser = await chromium.launch({ executablePath: path, args: ARGUMENTS });
    try {
      const [page, faults] = await open(browser, served.url);
      assertEquals(await page.locator("#send").innerText(), "Classify");
      await page.fill("#prompt", "You won a prize!");
      await page.click("#send");
      await page.locator(".classes li").first().waitFor();
      const rows = await page.locator(".classes li").allInnerTexts();
      assertEquals(rows.length, 2);
      assertMatch(rows.join(" "), /(ham|spam)\s+\d+\.\d%/);
      await page.selectOption("#model", "entities");
      assertEquals(await page.locator("#send").innerText(), "Mark");
      await page.fill("#prompt", "Ann saw Bob <b>today</b>.");
      await page.click("#send");
      await page.locator(".text mark").first().waitFor();
      assertMatch(await page.locator(".text").innerText(), /<b>/);
      assertEquals(await page.locator(".text mark small").first().innerText(), "PER");
      assertEquals(faults, { console: [], outside: [] });
    } finally {
      await browser.close();
    }
  },
});

Deno.test({
  name: "playground: a model that translates shows each line beside its translation",
  ignore: path === undefined,
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    await using served = await Served.start({
      models: { tiny: {}, cmn: { encoder: true }, prompted: { task: { name: "translate" } } },
    });
    const input = ["I like green tea.", "<b>Where</b> is it?", "You swim."];
    const told = async (model: string) => {
      const { data } = await served.json("/translate", { model, input });
      return input.flatMap((line, i) => [line, data[i].text]);
    };
    const browser = await chromium.launch({ executablePath: path, args: ARGUMENTS });
    try {
      for (const viewport of [DESKTOP, PHONE]) {
        const [page, faults] = await open(browser, served.url, viewport);
        for (const model of ["cmn", "prompted"]) {
          await page.selectOption("#model", model);
          assertEquals(await page.locator("#send").innerText(), "Translate");
          assert(!await page.locator(".modes").isVisible());
          assertMatch(await page.innerText("#hint"), /^Write sentences, one a line/);
          await page.fill("#prompt", input.join("\n\n"));
          await page.press("#prompt", "Control+Enter");
          await isOver(page);
          assertEquals(await page.locator(".sides td").allTextContents(), await told(model));
          assertEquals(await page.locator(".sides [aria-busy]").count(), 0);
          assertMatch(await page.innerText("#stats"), /^3 lines · \d+ tokens · \d+\.\d s$/);
          const [left, right] = await Promise.all(
            [0, 1].map(async (i) => (await page.locator(".sides td").nth(i).boundingBox())!),
          );
          assertEquals(left.y, right.y);
          assert(left.x + left.width <= right.x + 1, "one stands beside the other");
          assert(!await page.evaluate("document.documentElement.scrollWidth > innerWidth"));
        }
        assertEquals(faults, { console: [], outside: [] });
        await page.selectOption("#model", "tiny");
        assertEquals(await page.locator("#send").innerText(), "Generate");
        assertMatch(await page.innerText("#hint"), /^Write the beginning of a text/);
        await page.selectOption("#model", "cmn");
        await page.close();
      }

      const [page, faults] = await open(browser, served.url);
      await page.selectOption("#model", "cmn");
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.fill("#prompt", input.join("\n"));
      await page.click("#send");
      await isOver(page);
      await page.click("[data-copy=text]");
      const texts = (await told("cmn")).filter((_, i) => i % 2 === 1);
      assertEquals(await clipboard(page), texts.join("\n"));
      await page.click("[data-copy=curl]");
      const curl = await clipboard(page);
      assertMatch(curl, /^curl http.*\/translate /);
      assertEquals(JSON.parse(/-d '(.*)'$/s.exec(curl)![1]), { model: "cmn", input });
      await page.click("[data-copy=typescript]");
      assertMatch(await clipboard(page), /await fetch\("http.*\/translate", \{/);

      // What a hostile model writes is text, and what has come stays where the rest fails.
      const hostile = `<img src=x onerror="document.title='owned'">`;
      let asked = 0;
      await page.route("**/translate", (route) => {
        if (asked++ > 0) return route.fulfill({ status: 503, json: { error: { message: "no" } } });
        const data = Array.from({ length: 16 }, (_, index) => ({ index, text: hostile, score: 0 }));
        return route.fulfill({ json: { data, usage: { completion_tokens: 1 } } });
      });
      await page.fill("#prompt", "a\n".repeat(20));
      await page.click("#send");
      await page.locator("#error").waitFor({ state: "visible" });
      const cells = await page.locator(".sides td:last-child").allTextContents();
      assertEquals(cells, [...Array(16).fill(hostile), ...Array(4).fill("")]);
      assertMatch(await page.innerText("#stats"), /^16 of 20 lines/);
      await page.unroute("**/translate");
      assertEquals(await page.title(), "Quern playground");
      assertEquals(await page.locator("#transcript img").count(), 0);

      // Escape ends it, and the server's places are free.
      await page.fill("#prompt", "I like green tea.\n".repeat(400));
      await page.press("#prompt", "Control+Enter");
      await page.locator(".sides").waitFor();
      await page.keyboard.press("Escape");
      await isOver(page);
      await until(() => served.engine.pending === 0, "free");
      assert(!await page.locator("#error").isVisible());
      const failed = /status of 503/; // the browser's own line for the answer provoked above
      assertEquals(faults.console.filter((text) => !failed.test(text)), []);
      assertEquals(faults.outside, []);
    } finally {
      await browser.close();
    }
  },
});
