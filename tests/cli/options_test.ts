import { assertEquals, assertThrows } from "@std/assert";
import { helpText } from "../../cli/help.ts";
import {
  defineOptions,
  flagOf,
  nameFlags,
  parseGivenOptions,
  parseOptions,
  withDefaults,
} from "../../cli/options.ts";
import { UsageError } from "../../cli/usage_error.ts";

const TABLE = defineOptions({
  data: { type: "strings", unit: "FILE", help: "Text." },
  batchSize: { type: "integer", unit: "rows", min: 1, default: 12, help: "Rows." },
  beta1: { type: "number", min: 0, below: 1, default: 0.9, help: "Decay." },
  epsilon: { type: "number", above: 0, default: 1e-8, help: "Small." },
  order: {
    type: "string",
    choices: ["shuffled", "sequential"],
    default: "shuffled",
    help: "Order.",
  },
  bias: { type: "boolean", negatable: true, default: true, help: "Biases." },
  prompt: { type: "string", help: "Text." },
  layers: { type: "integer", min: 1, defaultHelp: "the preset's", help: "Blocks." },
  resume: { type: "boolean", help: "Go on." },
  kinds: { heading: "More", type: "strings", choices: ["ip", "phone"], help: "Kinds." },
  quality: { type: "limits", help: "Rules." },
});

const DEFAULTS = {
  data: [],
  batchSize: 12,
  beta1: 0.9,
  epsilon: 1e-8,
  order: "shuffled",
  bias: true,
  prompt: undefined,
  layers: undefined,
  resume: false,
  quality: undefined,
} as const;

Deno.test("parseOptions: defaults, and types that follow from the table", () => {
  const options = parseOptions(TABLE, []);
  assertEquals(options, { ...DEFAULTS, data: [], kinds: [] });
  const order: "shuffled" | "sequential" = options.order;
  const layers: number | undefined = options.layers;
  assertEquals([order, layers], ["shuffled", undefined]);
});

const GOOD: [args: string[], given: Record<string, unknown>][] = [
  [["--batch-size", "3"], { batchSize: 3 }],
  [["--batch-size=3", "--batch-size", "4"], { batchSize: 4 }],
  [["--epsilon", "1e-5"], { epsilon: 1e-5 }],
  [["--data", "a", "--data=b", "--data", "-"], { data: ["a", "b", "-"] }],
  [["--no-bias"], { bias: false }],
  [["--bias"], { bias: true }],
  [["--resume", "--order", "sequential"], { resume: true, order: "sequential" }],
  [["--prompt", ""], { prompt: "" }],
  [["--prompt="], { prompt: "" }],
  [["--prompt", "-x\ny=z"], { prompt: "-x\ny=z" }],
  [["--prompt=--resume"], { prompt: "--resume" }],
  [["--prompt", "12"], { prompt: "12" }],
  [["--prompt", "true"], { prompt: "true" }],
  [["--kinds", "ip", "--kinds", "phone"], { kinds: ["ip", "phone"] }],
  [["--quality", "on"], { quality: true }],
  [["--quality", "off"], { quality: false }],
  [["--quality", "minWords=5, ends=false,name=x"], {
    quality: { minWords: 5, ends: false, name: "x" },
  }],
];

Deno.test("parseGivenOptions: what the flags give and no more", () => {
  for (const [args, given] of GOOD) assertEquals(parseGivenOptions(TABLE, args), given);
});

const BAD: [args: string[], message: string][] = [
  [["--bach-size", "3"], 'Unknown option --bach-size. Did you mean "--batch-size"?'],
  [["--batchSize", "3"], 'Unknown option --batchSize. Did you mean "--batch-size"?'],
  [["--no-biass"], 'Unknown option --no-biass. Did you mean "--no-bias"?'],
  [["--no-resume"], "Unknown option --no-resume."],
  [["--__proto__", "1"], "Unknown option --__proto__."],
  [["-x"], "Unknown option -x."],
  [["text.txt"], 'Unexpected argument "text.txt"'],
  [["--", "text.txt"], 'Unexpected argument "text.txt"'],
  [["--resume", "runs/x"], 'Unexpected argument "runs/x"'],
  [["--batch-size"], "--batch-size needs a value."],
  [["--batch-size", "--resume"], "--batch-size needs a value."],
  [["--batch-size="], '--batch-size must be a whole number at least 1, got "".'],
  [["--batch-size", "many"], '--batch-size must be a whole number at least 1, got "many".'],
  [["--batch-size", "1.5"], "--batch-size must be a whole number at least 1, got 1.5."],
  [["--batch-size", "-1"], "--batch-size must be a whole number at least 1, got -1."],
  [["--beta1", "1"], "--beta1 must be a number at least 0 and below 1, got 1."],
  [["--beta1", "NaN"], '--beta1 must be a number at least 0 and below 1, got "NaN".'],
  [["--epsilon", "0"], "--epsilon must be a number above 0, got 0."],
  [
    ["--order", "suffled"],
    '--order must be one of shuffled, sequential, got "suffled". Did you mean "shuffled"?',
  ],
  [["--kinds", "fone"], '--kinds must be some of ip, phone, got ["fone"]. Did you mean "phone"?'],
  [["--quality", "maybe"], "--quality must be on, off or NAME=VALUE,…"],
  [["--config", "/nowhere/run.json"], "Cannot read --config /nowhere/run.json"],
];

Deno.test("parseGivenOptions: what is wrong is named, with the nearest right name", () => {
  for (const [args, message] of BAD) {
    assertThrows(() => parseGivenOptions(TABLE, args), UsageError, message);
  }
});

Deno.test("parseOptions: a flag beats the config file, which beats the default", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const config = { batchSize: 7, beta1: 0.5, data: "x", bias: false, quality: { minWords: 3 } };
    await Deno.writeTextFile(path, JSON.stringify(config));
    const { quality, ...options } = parseOptions(TABLE, ["--config", path, "--batch-size", "8"]);
    assertEquals(quality, { minWords: 3 });
    assertEquals({ ...options, quality: undefined }, {
      ...DEFAULTS,
      batchSize: 8,
      beta1: 0.5,
      data: ["x"],
      kinds: [],
      bias: false,
    });
    const wrong: [string, string][] = [
      ['{"batch-size": 1}', 'Unknown key "batch-size"'],
      ['{"batchSise": 1}', 'Did you mean "batchSize"?'],
      ['{"toString": 1}', 'Unknown key "toString"'],
      ['{"batchSize": "1"}', 'must be a whole number at least 1, got "1"'],
      ['{"bias": "no"}', "must be true or false"],
      ['{"quality": 1}', "must be on, off or NAME=VALUE,… (true, false or an object in a file)"],
      ['{"kinds": [1]}', "must be some of ip, phone, got [1]"],
      ["[]", "must hold one object"],
      ["{", "it is no JSON"],
    ];
    for (const [text, message] of wrong) {
      await Deno.writeTextFile(path, text);
      assertThrows(() => parseOptions(TABLE, ["--config", path]), UsageError, message);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("withDefaults: keeps what is given", () => {
  const options = withDefaults(TABLE, { layers: 2, bias: false });
  assertEquals(options, { ...DEFAULTS, data: [], kinds: [], layers: 2, bias: false });
});

Deno.test("flagOf: camelCase to kebab-case, digits left where they are", () => {
  assertEquals(["beta1", "topK", "minLearningRate"].map(flagOf), [
    "--beta1",
    "--top-k",
    "--min-learning-rate",
  ]);
});

Deno.test("nameFlags: options as they are typed, and nothing else", () => {
  const table = defineOptions({
    batchSize: { type: "integer", help: "" },
    context: { type: "integer", help: "" },
  });
  for (
    const [message, named] of [
      ["raise batchSize, or so", "raise --batch-size, or so"],
      ["mend it (batchSize).", "mend it (--batch-size)."],
      ["context and otherSize stay", "context and otherSize stay"],
      ['"batchSize" in a.json', '"batchSize" in a.json'],
      ["at /data/batchSize/a, batchSize.txt:0", "at /data/batchSize/a, batchSize.txt:0"],
      ["--batchSize=1", "--batchSize=1"],
    ]
  ) assertEquals(nameFlags(message, table), named);
});

Deno.test("helpText: flags, units, choices and defaults on lines of at most 100 characters", () => {
  const text = helpText({ name: "train", summary: "train a GPT" }, TABLE);
  const squeezed = text.replace(/\s+/g, " ");
  for (
    const part of [
      "quern train: train a GPT",
      "--data FILE Text. (may be repeated)",
      "--batch-size N Rows. (in rows; default: 12)",
      "--order TEXT Order. (shuffled | sequential; default: shuffled)",
      "--bias, --no-bias Biases. (default: yes)",
      "--layers N Blocks. (default: the preset's)",
      "--resume Go on.",
      "More: --kinds TEXT Kinds. (ip | phone; may be repeated)",
      "--quality LIMITS Rules.",
      "--config FILE",
      "--help",
    ]
  ) assertEquals(squeezed.includes(part), true, part);
  assertEquals(text.split("\n").filter((line) => line.length > 100), []);
});
