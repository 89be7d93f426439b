import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  DataError,
  fetchModel,
  isHubAddress,
  listSources,
  readDocuments,
} from "../../../data/mod.ts";
import { listHub } from "../../../data/sources/hub/mod.ts";
import { parseHubAddress } from "../../../data/sources/hub/address.ts";
import { hubSettings } from "../../../data/sources/hub/settings.ts";
import { COMMIT, gitHash, type Hub, sha256, startHub } from "./hub/server.ts";
import { collectBytes, utf8 } from "./streams.ts";

const LARGE = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3);
const REPOSITORIES = {
  "mill/gpt": {
    "config.json": '{"a":1}',
    "model.safetensors": LARGE,
    "tokenizer.json": "{}",
    "README.md": "x",
    "onnx/model.safetensors": "no",
    "pytorch_model.bin": "no",
  },
  "mill/pickle": { "config.json": "{}", "pytorch_model.bin": "x" },
  "mill/texts": {
    "README.md": "x",
    "data/train 1.jsonl": '{"text":"one"}\n{"text":"two"}\n',
    "data/test.jsonl": '{"text":"three"}\n',
  },
  "mill/pictures": { "a.png": "x" },
};

/** Works with a hub and an empty cache. */
async function withHub(
  use: (hub: Hub, env: Record<string, string>, home: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  await using hub = startHub({
    repositories: REPOSITORIES,
    private: { token: "secret", names: ["mill/pickle"] },
  });
  try {
    await use(hub, { HF_ENDPOINT: `${hub.url}/`, HF_HOME: home }, home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const quick = { backoffMs: 1, retries: 2 };

Deno.test("parseHubAddress: owner, name, revision, path; nothing that leads out of the cache", () => {
  assertEquals(parseHubAddress("hf:a/b"), { repository: "a/b", revision: "main" });
  assertEquals(parseHubAddress("hf:a/b.c@v1.0/d/*.jsonl"), {
    repository: "a/b.c",
    revision: "v1.0",
    pattern: "d/*.jsonl",
  });
  for (const wrong of ["hf:a", "hf:a/", "hf:../b", "hf:a/..", "hf:a/b@..", "hf:a/b@", "a/b"]) {
    let error: unknown;
    try {
      parseHubAddress(wrong);
    } catch (caught) {
      error = caught;
    }
    assert(error instanceof TypeError && error.message.includes("wanted hf:OWNER/NAME"), wrong);
  }
  assertEquals([isHubAddress("hf:a/b"), isHubAddress("half")], [true, false]);
});

Deno.test("hubSettings: as Hugging Face's programs read the environment", () => {
  const cache = (env: Record<string, string>) => hubSettings({ env }).cache;
  assertEquals(cache({ HOME: "/h" }), "/h/.cache/huggingface/hub");
  assertEquals(cache({ HOME: "/h", XDG_CACHE_HOME: "/x" }), "/x/huggingface/hub");
  assertEquals(cache({ HOME: "/h", HF_HOME: "/y" }), "/y/hub");
  assertEquals(cache({ HF_HOME: "/y", HF_HUB_CACHE: "/z" }), "/z");
  assertEquals(hubSettings({ env: {} }).endpoint, "https://huggingface.co");
  assertEquals(hubSettings({ env: { HF_TOKEN: " a\n" } }).token, "a");
});

Deno.test("fetchModel: weights and companions in the hub's own cache layout, once", () =>
  withHub(async (hub, env, home) => {
    const files: string[] = [];
    const model = await fetchModel("hf:mill/gpt@v1", {
      env,
      onFile: ({ path }) => files.push(path),
    });
    const base = `${home}/hub/models--mill--gpt`;
    assertEquals(model, { folder: `${base}/snapshots/${COMMIT}`, commit: COMMIT });
    assertEquals(files.sort(), ["config.json", "model.safetensors", "tokenizer.json"]);
    assertEquals(await Deno.readTextFile(`${base}/refs/v1`), COMMIT);
    assertEquals(await Deno.readFile(`${model.folder}/model.safetensors`), LARGE);
    assertEquals(
      await Deno.readLink(`${model.folder}/model.safetensors`),
      `../../blobs/${sha256(LARGE)}`,
    );
    assertEquals(
      await Deno.readLink(`${model.folder}/config.json`),
      `../../blobs/${gitHash(utf8('{"a":1}'))}`,
    );
    const before = hub.requests.length;
    await fetchModel(`hf:mill/gpt@${COMMIT}`, { env });
    assertEquals(hub.requests.slice(before).map(({ path }) => path), [
      `/api/models/mill/gpt/revision/${COMMIT}`,
    ]);
    assertEquals((await Array.fromAsync(Deno.readDir(`${base}/refs`))).length, 1);
  }));

Deno.test("fetchModel: a connection that breaks is taken up at the byte reached", () =>
  withHub(async (hub, env) => {
    hub.cutAfter = 100_000;
    const { folder } = await fetchModel("hf:mill/gpt", { env, ...quick });
    assertEquals(await Deno.readFile(`${folder}/model.safetensors`), LARGE);
    const ranges = hub.requests.map(({ range }) => range).filter((range) => range !== null);
    assert(ranges.some((range) => Number(/bytes=(\d+)/.exec(range)![1]) > 0), `${ranges}`);
  }));

Deno.test("fetchModel: a program that was killed goes on with what it had, and checks all of it", () =>
  withHub(async (hub, env, home) => {
    const blobs = `${home}/hub/models--mill--gpt/blobs`;
    await Deno.mkdir(blobs, { recursive: true });
    const partial = `${blobs}/${sha256(LARGE)}.incomplete`;
    await Deno.writeFile(partial, LARGE.subarray(0, 123_456));
    const { folder } = await fetchModel("hf:mill/gpt", { env });
    assertEquals(await Deno.readFile(`${folder}/model.safetensors`), LARGE);
    assert(hub.requests.some(({ range }) => range === "bytes=123456-299999"));
    // The same with a beginning that is wrong.
    await Deno.remove(`${blobs}/${sha256(LARGE)}`);
    await Deno.writeFile(partial, new Uint8Array(1000));
    await assertRejects(
      () => fetchModel("hf:mill/gpt", { env }),
      DataError,
      `Cannot use model.safetensors: its content has the hash`,
    );
    await fetchModel("hf:mill/gpt", { env });
  }));

Deno.test("fetchModel: damaged content is an error, and is not kept", () =>
  withHub(async (hub, env, home) => {
    hub.damaged = true;
    const error = await assertRejects(() => fetchModel("hf:mill/gpt", { env }), DataError);
    assert(error.message.includes(`the hub says ${gitHash(utf8('{"a":1}'))}; it was damaged`));
    const blobs = await Array.fromAsync(Deno.readDir(`${home}/hub/models--mill--gpt/blobs`));
    assertEquals(blobs, []);
  }));

Deno.test("fetchModel: the token goes to the hub and to no other server", () =>
  withHub(async (hub, env) => {
    await assertRejects(
      () => fetchModel("hf:mill/pickle", { env }),
      DataError,
      `the hub at ${hub.url} has none of that name and revision, or it is private and HF_TOKEN is not set`,
    );
    await assertRejects(
      () => fetchModel("hf:mill/pickle", { env: { ...env, HF_TOKEN: "wrong" } }),
      DataError,
      "or HF_TOKEN may not read it",
    );
    const known = { env: { ...env, HF_TOKEN: "secret" } };
    await assertRejects(
      () => fetchModel("hf:mill/pickle", known),
      DataError,
      "it has no safetensors, but pytorch_model.bin, a pickle file",
    );
    await fetchModel("hf:mill/gpt", known);
    for (const { path, authorization } of hub.requests.slice(-4)) {
      assertEquals(
        authorization,
        path.includes("::") || path.includes("%3A%3A") ? null : "Bearer secret",
        path,
      );
    }
  }));

Deno.test("fetchModel: an address that is none, a model that is not there, a server that is no hub", () =>
  withHub(async (hub, env) => {
    await assertRejects(() => fetchModel("hf:mill", { env }), TypeError, "wanted hf:OWNER/NAME");
    await assertRejects(() => fetchModel("hf:mill/gpt/x", { env }), TypeError, "no path");
    for (const missing of ["hf:mill/none", "hf:mill/gpt@v9"]) {
      await assertRejects(() => fetchModel(missing, { env }), DataError, "Cannot find the model");
    }
    await assertRejects(
      () => fetchModel("hf:mill/texts", { env: { ...env, HF_ENDPOINT: `${hub.url}/x` } }),
      DataError,
    );
    const odd = (body: unknown) => ({
      env,
      fetch: () =>
        Promise.resolve(new Response(typeof body === "string" ? body : JSON.stringify(body))),
    });
    const blobId = COMMIT;
    const cases: [unknown, string][] = [
      ["<html>", "it is no JSON"],
      [{ siblings: [] }, "it tells no commit (sha)"],
      [{ sha: COMMIT }, "it lists no files"],
      [{ sha: COMMIT, siblings: [{ rfilename: "a" }] }, 'it tells no hash of "a"'],
      [
        { sha: COMMIT, siblings: [{ rfilename: "../a", blobId }] },
        "a file outside of the repository, ../a",
      ],
    ];
    for (const [body, message] of cases) {
      await assertRejects(() => fetchModel("hf:mill/gpt", odd(body)), DataError, message);
    }
  }));

Deno.test("listHub: the data files of a data set, or those of a path, fetched when they are opened", () =>
  withHub(async (hub, env) => {
    const files = await listHub("hf:mill/texts", { env });
    assertEquals(files.map(({ path }) => path), [
      `hf:mill/texts@${COMMIT}/data/test.jsonl`,
      `hf:mill/texts@${COMMIT}/data/train 1.jsonl`,
    ]);
    assertEquals(hub.requests.length, 1);
    assertEquals(
      new TextDecoder().decode(await collectBytes(files[0].open())),
      '{"text":"three"}\n',
    );
    assertEquals(
      new TextDecoder().decode(await collectBytes(files[0].open({ start: 2, end: 6 }))),
      "text",
    );
    assertEquals((await listHub("hf:mill/texts/data/train*", { env })).length, 1);
    assertEquals((await listHub("hf:mill/texts@main/README.md", { env })).length, 1);
    await assertRejects(
      () => listHub("hf:mill/pictures", { env }),
      DataError,
      "got 1 other files (a.png)",
    );
    await assertRejects(
      () => listHub("hf:mill/texts/x", { env }),
      DataError,
      "wanted a match of the path",
    );
    await assertRejects(
      () => listHub("hf:mill/none", { env }),
      DataError,
      "Cannot find the dataset",
    );
  }));

Deno.test("listSources and readDocuments: take a data set of a hub as any other source", () =>
  withHub(async (_, env) => {
    const before = Object.keys(env).map((name) => [name, Deno.env.get(name)] as const);
    for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
    try {
      assertEquals((await listSources(["hf:mill/texts"])).length, 2);
      const { documents, reports } = readDocuments(["hf:mill/texts"]);
      const texts = await Array.fromAsync(documents, ({ text }) => text);
      assertEquals(texts, ["three", "one", "two"]);
      assert(reports.every(({ path, sha256 }) => path.includes(COMMIT) && sha256.length === 64));
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    }
  }));
