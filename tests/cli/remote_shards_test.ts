import { assertEquals, assertMatch } from "@std/assert";
import { startS3 } from "../data/sources/remote/s3_server.ts";
import { type Answer, inFolder, lossesOf, quern } from "./quern.ts";

const PERMISSIONS = ["--allow-write", "--allow-net=127.0.0.1", "--allow-env"];
const SMALL: readonly string[] = [
  ...["train", "--layers", "1", "--heads", "2", "--channels", "16", "--batch-size", "4"],
  ...["--learning-rate", "0.01", "--eval-batches", "4", "--sample-interval", "0"],
  ...["--iterations", "40", "--validation-fraction", "0"],
];

async function prepare(cwd: string, more: string[] = []): Promise<void> {
  const args = ["--data", "text.txt", "--separator", "\n", "--tokenizer", "byte", "--context", "8"];
  const answer = await quern(
    ["prepare", ...args, "--dedup", "none", "--shard-bytes", "2048", "--out", "corpus", ...more],
    { cwd, permissions: ["--allow-write"] },
  );
  assertEquals(answer.code, 0, answer.stderr);
}

/** Serves a folder; each path that is asked for is noted, and may be refused. */
async function serving(
  folder: string,
  work: (url: string, asked: string[]) => Promise<void>,
  refuse: (path: string) => Response | undefined = () => undefined,
): Promise<void> {
  const asked: string[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  const server = Deno.serve(options, async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname.slice(1));
    const refused = refuse(pathname.slice(1));
    if (refused) return refused;
    const bytes = await Deno.readFile(folder + pathname).catch(() => undefined);
    return bytes ? new Response(bytes) : new Response("none", { status: 404 });
  });
  try {
    await work(`http://127.0.0.1:${server.addr.port}/`, asked);
  } finally {
    await server.shutdown();
  }
}

async function succeed(promise: Promise<Answer>): Promise<Answer> {
  const answer = await promise;
  assertEquals(answer.code, 0, answer.stderr);
  return answer;
}

const shardsOf = (asked: string[]) => new Set(asked.filter((path) => path.includes("shard.")));

Deno.test("quern train --data https://…/: fetches shards into a cache, which runs share", () =>
  inFolder(async (cwd) => {
    await prepare(cwd);
    await succeed(quern([...SMALL, "--data", "corpus", "--out", "local"], { cwd }));
    await serving(cwd, async (url, asked) => {
      const run = (out: string, ...more: string[]) =>
        quern([...SMALL, "--data", `${url}corpus/`, "--out", out, ...more], {
          cwd,
          permissions: PERMISSIONS,
        });
      await succeed(run("first"));
      assertEquals(await lossesOf(`${cwd}/first`), await lossesOf(`${cwd}/local`));
      const fetched = shardsOf(asked);
      assertEquals(fetched.size > 0, true);
      const files = await Array.fromAsync(Deno.readDir(`${cwd}/runs/.cache`), ({ name }) => name);
      assertEquals(files.filter((name) => name.endsWith(".shard")).length, fetched.size);
      asked.length = 0;
      await succeed(run("second"));
      assertEquals([shardsOf(asked).size, asked.includes("corpus/tokenizer.json")], [0, true]);

      const { size } = await Deno.stat(`${cwd}/corpus/shard.00000.mds.zstd`);
      const small = ["--cache", "elsewhere", "--cache-bytes"];
      await succeed(run("third", ...small, `${3 * size}`));
      let bytes = 0;
      for await (const { name } of Deno.readDir(`${cwd}/elsewhere`)) {
        bytes += (await Deno.stat(`${cwd}/elsewhere/${name}`)).size;
      }
      assertEquals(bytes > 0 && bytes <= 3 * size, true);
      const refused = await run("fourth", ...small, "10");
      assertEquals(refused.code, 1);
      assertMatch(
        refused.stderr,
        /wanted --cache-bytes of at least \d+, the largest shard, got 10\n$/,
      );
    });
  }));

Deno.test("quern train, eval: a remote corpus' own splits and tokenizer are found", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, ["--validation-fraction", "0.2"]);
    await serving(cwd, async (url) => {
      const options = { cwd, permissions: PERMISSIONS };
      await succeed(quern([...SMALL, "--data", `${url}corpus/`, "--out", "run"], options));
      await succeed(quern([...SMALL, "--data", "corpus", "--out", "local"], { cwd }));
      assertEquals(await lossesOf(`${cwd}/run`), await lossesOf(`${cwd}/local`));
      const measure = async (data: string) => {
        const args = ["eval", "--from", "run", "--data", data, "--json"];
        return JSON.parse((await succeed(quern(args, options))).stdout);
      };
      assertEquals(await measure(`${url}corpus/`), await measure("corpus"));
      assertEquals(await measure(`${url}corpus/train/`), await measure("corpus/train"));
    });
  }));

Deno.test("quern train --data s3://…/: signed, and resumed from the cache", () =>
  inFolder(async (cwd) => {
    await prepare(cwd);
    const objects: Record<string, BodyInit> = {};
    for await (const { name } of Deno.readDir(`${cwd}/corpus`)) {
      objects[`shards/${name}`] = await Deno.readFile(`${cwd}/corpus/${name}`);
    }
    await using store = await startS3(objects);
    const options = { cwd, permissions: PERMISSIONS, env: store.env };
    const args = [...SMALL, "--data", "s3://corpus/shards/"];
    await succeed(quern([...args, "--out", "run"], options));
    await succeed(quern([...SMALL, "--data", "corpus", "--out", "local"], { cwd }));
    assertEquals(await lossesOf(`${cwd}/run`), await lossesOf(`${cwd}/local`));
    const resume = ["train", "--out", "run", "--resume", "--iterations", "45"];
    store.requests.length = 0;
    await succeed(quern(resume, options));
    assertEquals(shardsOf(store.requests).size, 0);
    const denied = await quern([...args, "--out", "denied"], {
      ...options,
      env: { ...store.env, AWS_SECRET_ACCESS_KEY: "wrong" },
    });
    assertEquals(denied.code, 1);
    assertMatch(denied.stderr, /^quern: .*403 Forbidden \(SignatureDoesNotMatch\).*s3:\/\/corpus/);
  }));

Deno.test("quern train --data https://…/: what the server lacks or breaks is one sentence", () =>
  inFolder(async (cwd) => {
    await prepare(cwd);
    const options = { cwd, permissions: PERMISSIONS };
    const bytes = await Deno.readFile(`${cwd}/corpus/shard.00002.mds.zstd`);
    const cases: [path: string, answer: () => Response, says: RegExp][] = [
      [
        "corpus/shard.00002.mds.zstd",
        () => new Response("gone", { status: 410 }),
        /the server said 410 Gone; .* at http:\/\/127.*\/corpus\/shard\.00002\.mds\.zstd:0\n$/,
      ],
      [
        "corpus/shard.00002.mds.zstd",
        () => new Response(bytes.with(-1 + bytes.length, bytes.at(-1)! ^ 1)),
        /wanted sha256 \w+, got \w+; .* at http:.*\/corpus\/shard\.00002\.mds\.zstd:0\n$/,
      ],
      [
        "corpus/shard.00002.mds.zstd",
        () => new Response(bytes.subarray(9)),
        /wanted \d+ bytes, got \d+; try again, at http:.*\/corpus\/shard\.00002\.mds\.zstd:\d+\n$/,
      ],
      [
        "corpus/index.json",
        () => new Response("{"),
        /Cannot read the index: it is no JSON; .* at http:.*\/corpus\/index\.json:0\n$/,
      ],
      [
        "corpus/index.json",
        () => new Response("none", { status: 404 }),
        /the server said 404 Not Found; .* at http:.*\/corpus\/index\.json:0\n$/,
      ],
    ];
    for (const [path, answer, says] of cases) {
      await serving(cwd, async (url) => {
        const args = [...SMALL, "--data", `${url}corpus/`, "--iterations", "2000", "--out", "run"];
        const { code, stderr } = await quern([...args, "--json"], options);
        assertEquals(code, 1, stderr);
        assertMatch(stderr, says);
        assertEquals(stderr.trimEnd().split("\n").length, 1);
        await Deno.remove(`${cwd}/run`, { recursive: true }).catch(() => {});
      }, (asked) => asked === path ? answer() : undefined);
    }
  }));
