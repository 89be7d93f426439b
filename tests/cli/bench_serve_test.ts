import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { countTokens, startFakeServer } from "./bench_serve/fake_server.ts";
import { type Answer, quern } from "./quern.ts";

async function bench(url: string, ...args: string[]): Promise<Answer> {
  return await quern(["bench-serve", "--url", url, ...args], {
    permissions: ["--allow-net=127.0.0.1", "--allow-write"],
  });
}

Deno.test("quern bench-serve: table, JSON as the last line and a drawing", async () => {
  await using server = startFakeServer(() => ({ firstTokenMs: 5, interTokenMs: 2 }));
  const svg = await Deno.makeTempFile({ suffix: ".svg" });
  const { code, stdout, stderr } = await bench(
    server.url,
    ...["--requests", "10", "--request-rate", "200", "--prompt-tokens", "50", "--json"],
    ...["--first-token-ms", "60000", "--svg", svg],
  );
  assertEquals([code, stderr.trimEnd().split("\n").at(-1)], [0, "10/10 requests"]);
  const report = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([report.answered, report.failed, report.model], [10, {}, "first"]);
  assertEquals([report.promptTokens, report.outputTokens], [50, 4]);
  assertEquals(report.goodputRequestsPerSecond, report.requestsPerSecond);
  assertMatch(stdout, /^requests {16}10 answered$/m);
  assertMatch(stdout, /^to the first token +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$/m);
  assertStringIncludes(await Deno.readTextFile(svg), "to the first token (10)");
  await Deno.remove(svg);
  const prompts = server.asked.map(({ body }) => body.prompt);
  assertEquals(new Set(prompts).size, 12, "two to count tokens, then ten that differ");
  assert(prompts.slice(2).every((prompt) => countTokens(prompt) === 50));
});

Deno.test("quern bench-serve: prompts of a file in turn, a chat of the model that is named", async () => {
  await using server = startFakeServer((i) => i === 2 ? { fault: "429" } : {});
  const prompts = await Deno.makeTempFile();
  await Deno.writeTextFile(prompts, "one\r\n\ntwo words\n");
  const { code, stdout } = await bench(
    `${server.url}/v1/`,
    ...["--prompts", prompts, "--requests", "3", "--concurrency", "1", "--chat"],
    ...["--model", "second", "--api-key", "secret", "--max-tokens", "7"],
  );
  await Deno.remove(prompts);
  assertEquals(code, 3);
  assert(!stdout.includes("good requests"), "no service level was asked for");
  assertMatch(stdout, /^requests {16}2 answered, 1 HTTP 429$/m);
  assertEquals(server.asked.map(({ body }) => body.messages[0].content), [
    ...["one", "two words", "one"],
  ]);
  const [{ path, key, body }] = server.asked;
  assertEquals([path, key], ["/v1/chat/completions", "Bearer secret"]);
  assertEquals([body.model, body.max_completion_tokens], ["second", 7]);
});

Deno.test("quern bench-serve: what cannot be done is one sentence", async () => {
  await using server = startFakeServer(() => ({ fault: "429" }));
  const cases: [args: string[], code: number, text: string][] = [
    [["localhost:1"], 2, '--url must be a URL such as http://127.0.0.1:8000, got "localhost:1".'],
    [
      ["http://127.0.0.1:1"],
      1,
      "http://127.0.0.1:1/v1/models for a model: wanted a list of them, got no connection",
    ],
    [[server.url], 1, "it must answer a first short request, got HTTP 429: later"],
    [[server.url, "--prompts", "none.txt"], 2, "Cannot read --prompts none.txt"],
    [[server.url, "--prompts", "/dev/null"], 2, "Cannot use --prompts /dev/null: it holds no line"],
    [[server.url, "--request-rate", "-1"], 2, "--request-rate must be"],
  ];
  for (const [[url, ...args], code, text] of cases) {
    const answer = await bench(url, ...args);
    assertEquals(answer.code, code, answer.stderr);
    assertStringIncludes(answer.stderr, text);
    assertEquals(answer.stderr.trimEnd().split("\n").length, 1, answer.stderr);
  }
});
