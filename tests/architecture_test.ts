/**
 * The rules of `.github/ARCHITECTURE.md` that can be read off the tree: who imports whom, and that
 * everything has a test of its own.
 */
import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join, normalize } from "@std/path";

const ROOT: string = fromFileUrl(new URL("../", import.meta.url));

/** The folders and what they may import; what is imported for its types only is in brackets. */
const MAY_IMPORT: Record<string, string[]> = {
  kernels: [],
  data: [],
  model: ["kernels", "(data)"],
  serve: ["model", "data", "kernels"],
  cli: ["serve", "model", "data", "kernels"],
  "mod.ts": ["serve", "model", "data", "kernels"],
};

interface Import {
  from: string;
  to: string;
  typesOnly: boolean;
}

const files = (await Array.fromAsync(modules(""))).sort();
const sources = files.filter((path) => !path.startsWith("tests/"));
const typesOnly = new Set(await Promise.all(sources.map(typesOnlyPath)));
const imports = (await Promise.all(sources.map(importsOf))).flat();

async function* modules(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path: string = join(folder, name);
    if (isDirectory && !name.startsWith(".") && name !== "runs") yield* modules(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** The path of a module that exports nothing but types, which no test can run. */
async function typesOnlyPath(path: string): Promise<string | undefined> {
  const text = await Deno.readTextFile(join(ROOT, path));
  return /^export (async function|function|class|const)/m.test(text) ? undefined : path;
}

/** The imports and re-exports of a module that lead to modules of ours. */
async function importsOf(from: string): Promise<Import[]> {
  const text = await Deno.readTextFile(join(ROOT, from));
  const lines = text.matchAll(/^(?:import|export)\s([^;]*?)from "(\.[^"]*\.ts)";/gms);
  const calls = text.matchAll(/import\("(\.[^"]*\.ts)"\)/g);
  const found = [
    ...[...lines].map(([, names, path]): [string, boolean] => [path, onlyTypes(names)]),
    ...[...calls].map(([, path]): [string, boolean] => [path, false]),
  ];
  return found.map(([path, typesOnly]) => ({
    from,
    to: normalize(join(dirname(from), path)),
    typesOnly,
  }));
}

function onlyTypes(names: string): boolean {
  const list = /\{([^}]*)\}/s.exec(names)?.[1].split(",").map((name) => name.trim());
  return /^type\s/.test(names) ||
    (list ?? [""]).filter((name) => name !== "").every((name) => name.startsWith("type "));
}

const roomOf = (path: string) => path.split("/")[0];

Deno.test("architecture: folders import only what they may, and only each other's mod.ts", () => {
  assert(imports.length > 100, `found ${imports.length} imports`);
  const wrong = imports.filter(({ from, to, typesOnly }) => {
    const [here, there] = [roomOf(from), roomOf(to)];
    if (here === there) return false;
    const allowed = MAY_IMPORT[here].includes(there) ||
      (typesOnly && MAY_IMPORT[here].includes(`(${there})`));
    return !allowed || to !== `${there}/mod.ts`;
  });
  assertEquals(wrong.map(({ from, to }) => `${from} -> ${to}`), []);
});

Deno.test("architecture: within a folder a sub-folder is imported through its mod.ts", () => {
  const wrong = imports.filter(({ from, to }) =>
    roomOf(from) === roomOf(to) && roomOf(from) !== from &&
    !dirname(from).startsWith(dirname(to)) && !to.endsWith("/mod.ts") &&
    !(dirname(from) === "kernels/contract" && to.endsWith("/reference.ts")) &&
    files.includes(join(dirname(to), "mod.ts"))
  );
  assertEquals(wrong.map(({ from, to }) => `${from} -> ${to}`), []);
});

Deno.test("architecture: no module imports itself by a detour", () => {
  const edges = Map.groupBy(imports.filter(({ typesOnly }) => !typesOnly), ({ from }) => from);
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) throw new Error(`A cycle: ${[...trail, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const { to } of edges.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of sources) visit(path, []);
});

Deno.test("architecture: each op has a binding, a shader, a reference, a test and a case in the contract", () => {
  const ops = new Set(
    sources.filter((path) => /^kernels\/[^/]+\//.test(path)).map((path) => path.split("/")[1]),
  );
  for (const folder of ["gpu", "contract"]) ops.delete(folder);
  const missing = [...ops].flatMap((op) => [
    ...["mod.ts", `${op}.wgsl.ts`, "reference.ts"].map((name) => `kernels/${op}/${name}`),
    `tests/kernels/${op}_test.ts`,
  ]).filter((path) => !files.includes(path));
  assertEquals(missing, []);
  const inContract = imports.filter(({ from }) => dirname(from) === "kernels/contract")
    .map(({ to }) => to.split("/")[1]);
  assertEquals(
    [...ops].filter((op) => op !== "random" && !inContract.includes(op)),
    [],
    "not in kernels/contract/",
  );
});

Deno.test("architecture: each module of data, model and serve is tested: itself, with its folder or as a part of a module there", () => {
  const hasTest = (path: string): boolean =>
    path !== "." && (files.includes(`tests/${path}_test.ts`) || hasTest(dirname(path)));
  const tested = (path: string): boolean =>
    hasTest(path) ||
    imports.some(({ from, to, typesOnly }) =>
      to === `${path}.ts` && !typesOnly && dirname(from) === dirname(to) &&
      !from.endsWith("/mod.ts") && tested(from.slice(0, -".ts".length))
    );
  const untested = sources
    .filter((path) => /^(data|model|serve)\//.test(path) && !path.endsWith("/mod.ts"))
    .filter((path) => !typesOnly.has(path))
    .map((path) => path.slice(0, -".ts".length))
    .filter((path) => !tested(path));
  assertEquals(untested, []);
});

Deno.test("architecture: each test mirrors a module or a folder", () => {
  const stray = files
    .filter((path) => /^tests\/.+_(test|bench|soak)\.ts$/.test(path))
    .filter((path) => path !== "tests/architecture_test.ts")
    .map((path) => path.slice("tests/".length).replace(/_(test|bench|soak)\.ts$/, ""))
    .filter((path) => !sources.includes(`${path}.ts`) && !sources.includes(`${path}/mod.ts`));
  assertEquals(stray, []);
});
