import { assert, assertEquals } from "@std/assert";
import {
  Choices,
  Device,
  type Pass,
  type Question,
  type Tensor,
  tune,
  type TuneEvent,
  type Variant,
} from "../../../kernels/mod.ts";

/** A variant of doubling each of 64 numbers. */
interface Doubling extends Variant {
  /** What a thread does with `x[i]`; `slow` turns of work come before it. */
  expression: string;
  slow?: number;
}

const plain: Doubling = { name: "plain", order: "one", expression: "2.0 * x[i]", slow: 100_000 };
const fast: Doubling = { name: "fast", order: "one", expression: "x[i] + x[i]" };
const wrong: Doubling = { name: "wrong", order: "one", expression: "2.0 * x[i] + 1e-6" };
const broken: Doubling = { name: "broken", order: "one", expression: "2.0 * nothing" };
const near: Doubling = { name: "near", order: "two", expression: "(x[i] + 1.0) + (x[i] - 1.0)" };
const far: Doubling = { name: "far", order: "two", expression: "3.0 * x[i]" };

const code = ({ expression, slow = 1 }: Doubling) => /* wgsl */ `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) {
  for (var turn = 0u; turn < ${slow}u; turn++) { y[i] = f32(turn); }
  y[i] = ${expression};
}
`;

function run(pass: Pass, { x, y }: Record<string, Tensor>, variant: Doubling): void {
  const label = `double/${variant.name}`;
  pass.launch({ label, code: code(variant) }, { x, y }, {}, { threads: 64 });
}

function question(variants: Doubling[], rows = 64): Question<Doubling> {
  const like = { shape: [64], dtype: "f32" } as const;
  return {
    group: "double",
    rows,
    variants,
    plain,
    trial: { tensors: { x: like, y: like }, results: ["y"], operations: 64, run },
  };
}

async function tuned(
  asked: Question<Doubling>[],
  options: Parameters<typeof tune>[1],
  choices = new Choices(),
): Promise<{ events: TuneEvent[]; device: Device }> {
  const device = await Device.open({ choices });
  for (const each of asked) device.choices.pick(each);
  return { events: await Array.fromAsync(tune(device, options)), device };
}

Deno.test("tune: the fastest variant with the plain one's bits is chosen", async () => {
  const { events, device } = await tuned([question([plain, fast])], { budgetMs: 60_000 });
  using _ = device;
  assertEquals(device.choices.pick(question([plain, fast])), fast);
  const chosen = events.filter(({ type }) => type === "chosen");
  assertEquals(chosen.map(({ shapes, variant }) => [shapes, variant]), [[
    "double rows 64",
    "fast",
  ]]);
  assertEquals(device.choices.table, { orders: {}, variants: { "double rows 64": "fast" } });
  assertEquals(await Array.fromAsync(tune(device)), []);
});

Deno.test("tune: a variant that is wrong or does not compile is dropped, named and told why", async () => {
  const all = question([plain, wrong, broken, fast]);
  const { events, device } = await tuned([all], { budgetMs: 60_000 });
  using _ = device;
  const dropped = events.filter((event) => event.type === "dropped");
  assertEquals(dropped.map(({ variant }) => variant), ["wrong", "broken"]);
  assert(/^element \d+ is \S+, the plain variant's is \S+$/.test(dropped[0].reason));
  assert(dropped[1].reason.startsWith("Cannot compile shader double/broken:"));
  assertEquals(device.choices.pick(all), fast);
});

Deno.test("tune: another order is chosen only where it may be, and then for all rows of a group", async () => {
  const all = () => [question([plain, near, far]), question([plain, near], 8)];
  const { device: same } = await tuned(all(), { budgetMs: 60_000 });
  using _ = same;
  assertEquals(all().map((each) => same.choices.pick(each)), [plain, plain]);
  const { device, events } = await tuned(all(), { anyOrder: true, budgetMs: 60_000 });
  using __ = device;
  assertEquals(all().map((each) => device.choices.pick(each)), [near, near]);
  assertEquals(device.choices.table.orders, { double: "two" });
  // What was never tried keeps the group's order.
  assertEquals(device.choices.pick(question([plain, near], 1000)), near);
  assertEquals(events.filter(({ type }) => type === "dropped").map(({ variant }) => variant), [
    "far",
  ]);
});

Deno.test("tune: nothing is tried once the time is up", async () => {
  const { events, device } = await tuned([question([plain, fast])], { budgetMs: 0 });
  using _ = device;
  assertEquals(events, []);
  assertEquals(device.choices.used, { orders: {}, variants: { "double rows 64": "plain" } });
});

/** What was chosen, by shape class. */
const chosenOf = (events: TuneEvent[]) =>
  events.filter(({ type }) => type === "chosen").map(({ shapes, variant }) => [shapes, variant]);

Deno.test("tune: what the time did not suffice for has its turn when it is tuned again, to an end", async () => {
  // Of one group and of another; the time is up within the first trial.
  const all = () => [
    question([plain, fast]),
    question([plain, fast], 8),
    { ...question([plain, fast]), group: "twice" },
  ];
  let choices = new Choices();
  const found: string[][][] = [];
  for (let start = 0; start < 4; start++) {
    const { events, device } = await tuned(all(), { budgetMs: 1 }, choices);
    using _ = device;
    found.push(chosenOf(events) as string[][]);
    choices = new Choices(device.choices.table);
  }
  assertEquals(found, [
    [["double rows 64", "fast"]],
    [["double rows 8", "fast"]],
    [["twice rows 64", "fast"]],
    [],
  ]);
});

Deno.test("tune: what was decided for some rows binds those that are decided later", async () => {
  const slowNear = { ...near, slow: 200_000 };
  const choices = new Choices({
    orders: { double: "two" },
    variants: { "double rows 64": "near" },
  });
  const later = [question([plain, fast, slowNear], 8)];
  const { device } = await tuned(later, { anyOrder: true, budgetMs: 60_000 }, choices);
  using _ = device;
  assertEquals(later.map((each) => device.choices.pick(each)), [slowNear]);
});

Deno.test("tune: without the plainest, which does not compile or was given up, the next is the measure", async () => {
  const unsound = { ...broken, name: "unsound" };
  const all = { ...question([unsound, fast, wrong]), plain: unsound };
  const { device, events } = await tuned([all], { budgetMs: 60_000 });
  using _ = device;
  const dropped = (some: TuneEvent[]) =>
    some.filter(({ type }) => type === "dropped").map(({ variant }) => variant);
  assertEquals(dropped(events), ["unsound", "wrong"]);
  assertEquals(chosenOf(events), [["double rows 64", "fast"]]);
  const choices = new Choices();
  choices.drop("double/all unsound");
  const again = await tuned([all], { budgetMs: 60_000 }, choices);
  using __ = again.device;
  assertEquals(dropped(again.events), ["wrong"]);
  assertEquals(chosenOf(again.events), [["double rows 64", "fast"]]);
});

Deno.test("Choices: a table with names that are gone gives the defaults", () => {
  const choices = new Choices({ orders: {}, variants: { "double rows 64": "gone" } });
  assertEquals(choices.pick(question([plain, fast])), plain);
  choices.merge({ orders: { double: "two" }, variants: { "double rows 64": "near" } });
  assertEquals(choices.pick(question([plain, fast, near])), near);
  // A group's order that does not fit these shapes cannot be kept.
  assertEquals(choices.pick(question([plain, fast])), plain);
});
