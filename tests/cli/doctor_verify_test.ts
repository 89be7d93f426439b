import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { AdapterFacts } from "../../cli/doctor_advice.ts";
import { describeVerification, knownFaults, verify } from "../../cli/doctor_verify.ts";
import { Device, KERNEL_CASES } from "../../kernels/mod.ts";

const FACTS: AdapterFacts = {
  os: "linux",
  software: false,
  features: ["timestamp-query"],
  limits: { maxStorageBufferBindingSize: 2 ** 27 },
  subgroupSizes: [32, 32],
};

Deno.test("verify: ops one after another, each with its sizes and variant, and no fault here", async () => {
  using device = await Device.open();
  const found = [];
  for await (const each of verify(device)) {
    found.push(each);
    if (found.length === 8) break;
  }
  assertEquals(found.map(({ what }) => what.split(" of ")[0]), [
    ...KERNEL_CASES.slice(0, 8).map(({ name }) => name),
  ]);
  assertEquals(found.filter(({ fault }) => fault), []);
  const product = found.find(({ what }) => what.startsWith("matmul"))!;
  assertMatch(
    `${product.what}: ${product.variant}`,
    /^matmul qkv forward of 1 × 1 × 4, vocab.*: plain/,
  );
});

Deno.test("knownFaults: by number, those that can meet the adapter", () => {
  const numbers = (facts: AdapterFacts) => knownFaults(facts).map(({ issue }) => issue);
  assert(numbers(FACTS).every((issue) => /^(wgpu|deno) #\d+$/.test(issue)));
  assert(!numbers(FACTS).includes("wgpu #8105") && !numbers(FACTS).includes("wgpu #7751"));
  const large = {
    ...FACTS,
    features: ["shader-f16"],
    limits: { maxStorageBufferBindingSize: 2 ** 31 - 4 },
  };
  assert(numbers(large).includes("wgpu #8105") && numbers(large).includes("wgpu #7751"));
});

Deno.test("describeVerification: what differs, by op and variant, and the known faults", () => {
  const good = { what: "gelu forward", variant: "vec4" };
  assertMatch(
    describeVerification([good, good], FACTS),
    /^All 2 checks agree with the references\.\n\nKnown faults that can meet this adapter:\n- wgpu #/,
  );
  const bad = { what: "matmul up dw", variant: "plain 8x16", fault: "y [2,2]: two runs differ" };
  assertStringIncludes(
    describeVerification([good, bad], FACTS),
    "1 of 2 checks differ:\n- matmul up dw (plain 8x16): y [2,2]: two runs differ\n",
  );
});
