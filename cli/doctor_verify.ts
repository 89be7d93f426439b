/** `quern doctor --verify`: whether this adapter computes what it should. */
import { checkVariants, type Device, KERNEL_CASES } from "../kernels/mod.ts";
import { checkTraining } from "../model/mod.ts";
import type { AdapterFacts } from "./doctor_advice.ts";

/** Sizes at which ops are checked: one token, ragged ones, and whole tiles with every variant. */
const SIZES = [
  { B: 1, T: 1, C: 4, heads: 1, V: 3 },
  { B: 3, T: 21, C: 20, heads: 5, V: 65 },
  { B: 5, T: 13, C: 36, heads: 3, V: 257 },
  { B: 2, T: 64, C: 128, heads: 4, V: 512 },
];

/** Something that was checked. */
export interface Verified {
  /** Op and sizes, or `ten training steps`. */
  what: string;
  /** The op's variant; absent where it has but one. */
  variant?: string;
  /** What is wrong; absent where all is well. */
  fault?: string;
}

/** Checks every op against its reference, and ten training steps against PyTorch's. */
export async function* verify(device: Device): AsyncGenerator<Verified> {
  const barriers = !await device.barriersAreSlow();
  for (const [i, sizes] of SIZES.entries()) {
    for (const { name, at } of KERNEL_CASES) {
      const what = `${name} of ${sizes.B} × ${sizes.T} × ${sizes.C}, vocabulary ${sizes.V}`;
      const all = i === SIZES.length - 1;
      const one = { label: what, ...at(sizes) };
      for (const { variant, fault } of await checkVariants(device, one, { barriers, all })) {
        yield { what, ...(variant ? { variant } : {}), ...(fault ? { fault } : {}) };
      }
    }
  }
  const differences = await checkTraining(device);
  yield {
    what: "ten training steps",
    ...(differences.length > 0 ? { fault: differences.join("; ") } : {}),
  };
}

/** A fault of Deno or wgpu that was reported, and how Quern meets it. */
export interface KnownFault {
  /** Where it is reported. */
  issue: string;
  /** What happens, and what is done about it. */
  what: string;
  /** Whether it can meet this adapter. @default always */
  concerns?(facts: AdapterFacts): boolean;
}

/** The faults that change what a GPU computes, or how fast. */
const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    issue: "wgpu #8105",
    what: "a binding ends at 2 GiB whatever the card has: larger tensors are bound in parts",
    concerns: ({ limits }) => limits.maxStorageBufferBindingSize >= 2 ** 31 - 1024,
  },
  {
    issue: "wgpu #7751",
    what: "an adapter may list shader-f16 and not have it: `doctor --verify` checks those in f16",
    concerns: ({ features }) => features.includes("shader-f16"),
  },
  {
    issue: "wgpu #7813",
    what: "features that an adapter has are missing from its list, though they can be asked for",
  },
  {
    issue: "wgpu #6521",
    what: "loops are not unrolled: hot loops are written out",
  },
  {
    issue: "wgpu #7698",
    what: "each loop gets a counter of its turns, which may cost more than what it does",
  },
  {
    issue: "deno #24857",
    what: "an example of Deno's own gave wrong results from 1.44 on, mended since",
  },
  {
    issue: "deno #28966",
    what: "Deno 2.2.11 panics where a command encoder is finished, and later ones may",
  },
];

/** The known faults that can meet an adapter. */
export function knownFaults(facts: AdapterFacts): KnownFault[] {
  return KNOWN_FAULTS.filter(({ concerns }) => concerns?.(facts) ?? true);
}

/** What a verification found, for people. */
export function describeVerification(found: readonly Verified[], facts: AdapterFacts): string {
  const wrong = found.filter(({ fault }) => fault !== undefined);
  const faults = knownFaults(facts).map(({ issue, what }) => `- ${issue}: ${what}`).join("\n");
  const lines = wrong.map(({ what, variant, fault }) =>
    `- ${what}${variant ? ` (${variant})` : ""}: ${fault}`
  );
  return [
    wrong.length === 0
      ? `All ${found.length} checks agree with the references.`
      : `${wrong.length} of ${found.length} checks differ:\n${lines.join("\n")}`,
    `\nKnown faults that can meet this adapter:\n${faults}`,
  ].join("\n");
}
