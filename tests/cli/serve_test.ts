import { assert, assertEquals, assertMatch } from "@std/assert";
import { chunksOf, writeModel } from "../serve/served.ts";
import { quern } from "./quern.ts";
import { startServing } from "./serving.ts";

async function withModel(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeModel(`${folder}/tiny`);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

Deno.test("quern serve: every route with nothing but one address and two folders to read (60)", () =>
  withModel(async (folder) => {
    await using serving = await startServing({ folder: `${folder}/tiny`, args: [] });
    const { url } = serving;
    for (
      const path of [
        "/health",
        "/health/live",
        "/health/ready",
        "/v1/models",
        "/v1/models/tiny",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/docs/docs.js",
        "/docs/docs.css",
      ]
    ) {
      const response = await fetch(url + path);
      assertEquals(response.status, 200, path);
      await response.text();
    }
    const messages = [{ role: "user", content: "Hi" }];
    const model = "tiny";
    const format = { type: "json_object" };
    for (
      const [path, body] of [
        ["/v1/completions", { model, prompt: "a" }],
        ["/v1/completions", { model, prompt: "a", stream: true }],
        ["/v1/chat/completions", { model, messages, max_tokens: 5, response_format: format }],
        ["/v1/embeddings", { model, input: "a" }],
        ["/tokenize", { prompt: "a" }],
        ["/detokenize", { tokens: [97] }],
      ] as const
    ) {
      const response = await post(url + path, body);
      assertEquals(response.status, 200, `${path}: ${await response.text()}`);
    }
    serving.process.kill("SIGTERM");
    assertEquals(await serving.code, 0);
    const lines = serving.stdout().trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.length, 16);
    assert(!/NotCapable|Requires|denied|prompt/i.test(serving.stderr()), serving.stderr());
  }));

Deno.test("quern serve: SIGTERM lets answers finish, refuses new ones and ends with 0 (10)", () =>
  withModel(async (folder) => {
    await using serving = await startServing({
      folder: `${folder}/tiny`,
      args: ["--drain-seconds", "60"],
    });
    const answer = post(`${serving.url}/v1/completions`, {
      ...{ model: "tiny", prompt: "a", max_tokens: 200, ignore_eos: true, stream: true },
    });
    const response = await answer;
    serving.process.kill("SIGTERM");
    while (!/Ending/.test(serving.stderr())) await new Promise((r) => setTimeout(r, 10));
    const refused = await post(`${serving.url}/v1/completions`, { model: "tiny", prompt: "a" })
      .catch(() => undefined);
    assert(refused === undefined || refused.status === 503);
    await refused?.text();
    const ready = await fetch(`${serving.url}/health/ready`).catch(() => undefined);
    assert(ready === undefined || ready.status === 503);
    await ready?.text();
    const chunks = chunksOf(await response.text());
    assertEquals(chunks.at(-1).choices[0].finish_reason, "length");
    assertEquals(await serving.code, 0);
  }));

Deno.test("quern serve: with no time to drain it ends within 4 s, what runs with an error (10)", () =>
  withModel(async (folder) => {
    await using serving = await startServing({
      folder: `${folder}/tiny`,
      args: ["--drain-seconds", "0"],
    });
    const response = await post(`${serving.url}/v1/completions`, {
      ...{ model: "tiny", prompt: "a", max_tokens: 255, ignore_eos: true, stream: true },
    });
    const started = performance.now();
    serving.process.kill("SIGTERM");
    const { error } = chunksOf(await response.text()).at(-1);
    assertEquals(error.type, "service_unavailable_error");
    assertEquals(await serving.code, 0);
    assert(performance.now() - started < 4000, `${performance.now() - started} ms`);
  }));

Deno.test("quern serve: keys from a file and from QUERN_API_KEYS; needed beyond this machine", () =>
  withModel(async (folder) => {
    const keys = `${folder}/tiny/keys.txt`;
    await Deno.writeTextFile(keys, "# ours\nsk-alice-1234 alice\n");
    const statusOf = async (url: string, key: string) => {
      const response = await fetch(`${url}/v1/models`, {
        headers: { authorization: `Bearer ${key}` },
      });
      await response.text();
      return response.status;
    };
    {
      await using serving = await startServing({
        folder: `${folder}/tiny`,
        args: ["--api-keys", keys],
      });
      assertEquals(await statusOf(serving.url, "sk-alice-1234"), 200);
      assertEquals(await statusOf(serving.url, "sk-other-1234"), 401);
      assert(!(serving.stdout() + serving.stderr()).includes("sk-"));
    }
    {
      await using serving = await startServing({
        ...{ folder: `${folder}/tiny`, args: [], permissions: ["--allow-env=QUERN_API_KEYS"] },
        env: { QUERN_API_KEYS: "sk-bob-123456 bob,sk-eve-123456" },
      });
      assertEquals(await statusOf(serving.url, "sk-bob-123456"), 200);
      assertEquals(await statusOf(serving.url, "sk-eve-123456"), 200);
      assertEquals(await statusOf(serving.url, ""), 401);
    }
    const answer = await quern(["serve", "--from", `${folder}/tiny`, "--host", "0.0.0.0"]);
    assertEquals(answer.code, 2);
    assertMatch(answer.stderr, /--host 0\.0\.0\.0 lets other machines in, so keys are needed/);
  }));

Deno.test("quern serve: a bad folder, port or option is one sentence", () =>
  withModel(async (folder) => {
    const fails = async (args: string[], code: number, says: RegExp) => {
      const answer = await quern(["serve", "--port", "0", ...args], {
        permissions: ["--allow-net"],
      });
      assertEquals(answer.code, code, answer.stderr);
      assertMatch(answer.stderr.trimEnd().split("\n").at(-1)!, /^quern: [^\n]+$/);
      assertMatch(answer.stderr, says);
      assert(!/\bat .*\.ts:\d/.test(answer.stderr), answer.stderr);
    };
    const tiny = `${folder}/tiny`;
    await fails(["--from", `${folder}/nowhere`], 1, /nowhere/);
    await fails(["--from", "a b=x"], 2, /--from must be DIR or NAME=DIR/);
    await fails(["--from", `..=${tiny}`], 2, /--from must be DIR or NAME=DIR/);
    await fails(["--from", `a=${tiny}`, "--model", `a=${tiny}`], 2, /--from names a twice/);
    await fails(["--from", tiny, "--api-keys", `${folder}/none`], 1, /none/);
    const weights = await Deno.readFile(`${tiny}/model.safetensors`);
    await Deno.writeFile(`${tiny}/model.safetensors`, weights.subarray(0, weights.length >> 1));
    await fails(["--from", tiny], 1, /model\.safetensors/);
    await Deno.writeFile(`${tiny}/model.safetensors`, weights);
    const config = JSON.parse(await Deno.readTextFile(`${tiny}/config.json`));
    await Deno.writeTextFile(
      `${tiny}/config.json`,
      JSON.stringify({ ...config, model_type: "llama" }),
    );
    await fails(["--from", tiny], 1, /model_type must be "gpt2", got "llama"/);
    await Deno.writeTextFile(`${tiny}/config.json`, JSON.stringify(config));
    await writeModel(tiny, { vocabularySize: 100 });
    await fails(["--from", tiny], 1, /its tokenizer has 256 tokens and its model 100/);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    await writeModel(tiny);
    await fails(["--from", tiny, "--port", String(port)], 1, new RegExp(`${port}`));
  }));

Deno.test("quern serve: several models under names of their own", () =>
  withModel(async (folder) => {
    await writeModel(`${folder}/other`, { seed: 2 });
    await using serving = await startServing({
      ...{ folder, args: ["--model", `org/two=${folder}/other`], until: /Ready|quern: Cannot/ },
    });
    assertMatch(serving.stderr(), /Cannot load a model from/);
    await using both = await startServing({
      folder: `${folder}/tiny`,
      args: ["--model", `org/two=${folder}/other`],
      permissions: [`--allow-read=${folder},${new URL("../../", import.meta.url).pathname}`],
    });
    const { data } = await (await fetch(`${both.url}/v1/models`)).json();
    assertEquals(data.map(({ id }: { id: string }) => id), ["tiny", "org/two"]);
  }));

Deno.test("quern serve: deno task compile embeds every module, worker and page", async () => {
  const root = new URL("../../", import.meta.url).pathname;
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const folder = await Deno.makeTempDir();
  try {
    // Any program stands in for the runtime, which may not be there: the list is the same.
    const args = tasks.compile.command.split(" ").slice(2).map((arg: string) =>
      arg === "dist/quern" ? `${folder}/quern` : arg
    );
    const { code, stdout, stderr } = await new Deno.Command("deno", {
      args: ["compile", "--no-check", ...args],
      env: { DENORT_BIN: "/bin/true", NO_COLOR: "1" },
      cwd: root,
    }).output();
    const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
    assertEquals(code, 0, said);
    const embedded = embeddedPaths(said);
    const needed = await neededFiles(root);
    assert(needed.some((path) => path.endsWith("serve/engine/worker.ts")), `${needed}`);
    const missing = needed.filter((path) =>
      !embedded.includes(path) &&
      !embedded.some((each) => each.endsWith("/*") && path.startsWith(each.slice(0, -1)))
    );
    assertEquals(missing, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The paths in the tree that `deno compile` prints; a folder that is there as a whole ends with `/*`. */
function embeddedPaths(said: string): string[] {
  const stack: string[] = [];
  return [...said.matchAll(/^((?:│ | {2})*)[├└][─┬]+ (\S+)/gm)].map(([, indent, name]) => {
    const depth = indent.length / 2;
    stack.length = depth;
    stack[depth] = name;
    return stack.join("/");
  });
}

/** Every module that the command line reaches, and every file that a module names by its place. */
async function neededFiles(root: string): Promise<string[]> {
  const [found, seen] = [new Set<string>(), new Set<string>()];
  const visit = async (path: string, isNamed = false): Promise<void> => {
    if (isNamed) found.add(path);
    if (seen.has(path)) return;
    seen.add(path);
    const text = await Deno.readTextFile(root + path);
    // A module of nothing but types is gone once it runs.
    if (/^(export (async function|function|class|const|\{)|\w+\()/m.test(text)) found.add(path);
    if (!path.endsWith(".ts")) return;
    for (
      const [, how, relative] of text.matchAll(
        /(from|import\(|new URL\()\s*["`](\.[^"`$]*)["`]/g,
      )
    ) {
      const target = new URL(relative, `file:///${path}`).pathname.slice(1);
      const isFile = await Deno.stat(root + target).then(({ isFile }) => isFile, () => false);
      if (isFile) await visit(target, how === "new URL(");
    }
  };
  await visit("cli/main.ts");
  for (const folder of ["serve/docs", "serve/playground"]) {
    for await (const { name } of Deno.readDir(root + folder)) found.add(`${folder}/${name}`);
  }
  return [...found].sort();
}
