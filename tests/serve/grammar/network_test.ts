import { assert, assertEquals, assertThrows } from "@std/assert";
import { ALL, codePoints } from "../../../serve/grammar/code_points.ts";
import { Reader } from "../../../serve/grammar/configurations.ts";
import { type Network, NetworkBuilder } from "../../../serve/grammar/network.ts";
import { writeText } from "../../../serve/grammar/writer.ts";

function newBuilder(alphabet = ALL): NetworkBuilder {
  return new NetworkBuilder({ alphabet, longest: 1 });
}

function reads(network: Network, text: string): "no" | "so far" | "yes" {
  const reader = new Reader(network);
  let now = reader.start();
  for (const byte of new TextEncoder().encode(text)) now = reader.read(now, byte);
  return now.complete ? "yes" : now.pairs.length > 0 ? "so far" : "no";
}

/** Writes a rule that begins with "(" and then itself. */
function writeEndless(builder: NetworkBuilder): (from: number, to: number) => void {
  return function write(from, to) {
    const inner = builder.state();
    writeText(builder, from, "(", inner);
    builder.call(inner, builder.rule("endless", write), to);
  };
}

Deno.test("network: rules lead to each other and back", () => {
  const builder = newBuilder();
  const write = (from: number, to: number): void => {
    const [inner, behind] = [builder.state(), builder.state()];
    writeText(builder, from, "x", to);
    writeText(builder, from, "(", inner);
    builder.call(inner, builder.rule("nested", write), behind);
    writeText(builder, behind, ")", to);
  };
  const network = builder.finish(builder.rule("nested", write))!;
  assertEquals(["x", "((x", "((x))", "((x)))", "()", ""].map((text) => reads(network, text)), [
    ...["yes", "so far", "yes", "no", "no", "so far"],
  ]);
});

Deno.test("network: ways that cannot come to an end are left out", () => {
  const builder = newBuilder();
  const endless = writeEndless(builder);
  const network = builder.finish(builder.rule("start", (from, to) => {
    const dead = builder.state();
    writeText(builder, from, "a", dead);
    writeText(builder, from, "ab", to);
    builder.call(from, builder.rule("endless", endless), to);
  }))!;
  assertEquals(["a", "ab", "(", "aa"].map((text) => reads(network, text)), [
    ...["so far", "yes", "no", "no"],
  ]);
  const alone = newBuilder();
  assertEquals(alone.finish(alone.rule("endless", writeEndless(alone))), undefined);
});

Deno.test("network: only characters of the alphabet are written", () => {
  const builder = newBuilder(codePoints([[0x61, 0x62], [0xe9, 0xe9]]));
  const network = builder.finish(builder.rule("start", (from, to) => {
    builder.edge(from, 0x60, 0x7f, to);
    writeText(builder, from, "éb", to);
    writeText(builder, from, "éc", to);
    writeText(builder, from, "ê", to);
  }))!;
  const texts = ["`", "a", "b", "c", "éb", "éc", "ê"];
  assertEquals(texts.map((text) => reads(network, text) === "yes"), [
    ...[false, true, true, false, true, false, false],
  ]);
});

Deno.test("network: its size and the steps on the way are bounded", () => {
  const builder = newBuilder();
  assertThrows(
    () => {
      while (true) builder.state();
    },
    RangeError,
    "it must need at most 100000 states and edges",
  );
  assertThrows(() => newBuilder().spend(100_001), RangeError, "be compiled in 100000 steps");
});

Deno.test("reader: too many ways to understand a text are an error, and a rest forgives steps", () => {
  const builder = newBuilder();
  // Each letter doubles the stacks: two rules that read the same and lead to different states.
  const write = (from: number, to: number): void => {
    const [one, two] = [builder.state(), builder.state()];
    const [oneBehind, twoBehind] = [builder.state(), builder.state()];
    writeText(builder, from, "(", one);
    writeText(builder, from, "(", two);
    writeText(builder, from, "x", to);
    builder.call(one, builder.rule("nested", write), oneBehind);
    builder.call(two, builder.rule("nested", write), twoBehind);
    writeText(builder, oneBehind, ")", to);
    writeText(builder, twoBehind, "]", to);
  };
  const network = builder.finish(builder.rule("nested", write))!;
  assertEquals(reads(network, "((((x])])"), "yes");
  assertThrows(() => reads(network, "(".repeat(14)), RangeError, "fewer ways to understand");
  const reader = new Reader(network);
  const start = reader.start();
  const spendAll = () => {
    while (true) reader.read(start, 0x78);
  };
  assertThrows(spendAll, RangeError, "fewer ways to understand");
  reader.rest();
  assert(reader.read(start, 0x78).complete);
});
