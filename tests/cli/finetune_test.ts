import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, lossesOf, quern, startQuern } from "./quern.ts";

/** A model so small that it trains in a second, on texts of at most 16 bytes. */
const SMALL: readonly string[] = [
  ...["--tokenizer", "byte", "--layers", "1", "--heads", "2", "--channels", "16"],
  ...["--context", "16", "--batch-size", "4", "--learning-rate", "0.01", "--dropout", "0"],
  ...["--tune", "off"],
];

/** Texts of two classes that a byte tells. */
function labelled(count: number): string {
  return Array.from(
    { length: count },
    (_, i) => `${i % 2 === 0 ? "ham" : "spam"}\t${"abcdefgh"[i % 8]}${i}${i % 2 === 0 ? "." : "!"}`,
  ).join("\n") + "\n";
}

Deno.test("quern finetune --task classify: learns, keeps the best, reports; eval measures the same", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a.tsv`, labelled(80));
    const args = ["--task", "classify", "--data", "a.tsv", "--test-fraction", "0.2"];
    const { code, stdout, stderr } = await quern(
      ["finetune", ...SMALL, ...args, "--epochs", "6", "--seeds", "1,2", "--out", "run"],
      { cwd },
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "columns of a.tsv: text 2, label 1 (guessed: name them");
    assertStringIncludes(stderr, "classes: 2 (ham 29, spam 29)");
    assertStringIncludes(stdout, "naive Bayes over words, for comparison: accuracy");
    assertMatch(stdout, /accuracy {4,}1\.0000 ± 0\.0000/);
    const { seeds, figures } = JSON.parse(await Deno.readTextFile(`${cwd}/run/seeds.json`));
    assertEquals([seeds, figures.accuracy.mean], [[1, 2], 1]);
    assertStringIncludes(await Deno.readTextFile(`${cwd}/run/seed-1/report.html`), "accuracy");
    await Deno.writeTextFile(`${cwd}/b.tsv`, labelled(10));
    const measured = await quern(
      ["eval", "--task", "classify", "--from", "run/seed-1", "--data", "b.tsv", "--json"],
      { cwd },
    );
    assertEquals(measured.code, 0, measured.stderr);
    assertEquals(JSON.parse(measured.stdout).accuracy, 1);
    const { code: refused, stderr: why } = await quern(
      ["eval", "--task", "tag", "--from", "run/seed-1", "--data", "b.tsv"],
      { cwd },
    );
    assertEquals(refused, 2);
    assertStringIncludes(why, "it tells texts apart. Make one that can with finetune --task tag.");
    await Deno.writeTextFile(`${cwd}/c.tsv`, "text\tlabel\nabc\teggs\n");
    const unseen = await quern(
      ["eval", "--task", "classify", "--from", "run/seed-1", "--data", "c.tsv"],
      { cwd },
    );
    assertEquals(unseen.code, 1);
    assertMatch(
      unseen.stderr,
      /line 2: the label "eggs" was never seen in training, which has ham/,
    );
  }));

Deno.test("quern finetune --dry-run: ten examples token by token with what is learned, no run", () =>
  inFolder(async (cwd) => {
    const lines = Array.from({ length: 20 }, (_, i) =>
      JSON.stringify({
        messages: [{ role: "user", content: `H${i}` }, { role: "assistant", content: "Yo." }],
      }));
    await Deno.writeTextFile(`${cwd}/chat.jsonl`, lines.join("\n"));
    const { code, stdout } = await quern(
      [
        "finetune",
        ...SMALL,
        "--context",
        "32",
        "--task",
        "chat",
        "--data",
        "chat.jsonl",
        "--dry-run",
      ],
      { cwd },
    );
    assertEquals(code, 0);
    assertEquals(stdout.match(/^chat\.jsonl line \d+: /gm)?.length, 10);
    // Of "User: H0\n\nAssistant: Yo.\n\n" the answer and its end are learned.
    assertMatch(stdout, /":" +→ " "\n +\d+ +32 +" " +→ "Y"/);
    assert(!stdout.includes('→ "H"'));
    const names = await Array.fromAsync(Deno.readDir(cwd), ({ name }) => name);
    assertEquals(names.sort(), ["chat.jsonl", "text.txt"]);
  }));

Deno.test("quern finetune --task tag and translate: what was learned is told", () =>
  inFolder(async (cwd) => {
    const sentence = (i: number) => i % 2 === 0 ? "Ann\tB-PER\nran\tO\n" : "so\tO\nBob\tB-PER\n";
    const sentences = Array.from({ length: 30 }, (_, i) => sentence(i)).join("\n");
    await Deno.writeTextFile(`${cwd}/a.conll`, sentences);
    const tag = await quern(
      ["finetune", ...SMALL, "--task", "tag", "--data", "a.conll", "--val-data", "a.conll"]
        .concat("--epochs", "8", "--out", "tags", "--json"),
      { cwd },
    );
    assertEquals(tag.code, 0, tag.stderr);
    const report = JSON.parse(tag.stdout.trimEnd().split("\n").at(-1)!);
    assertEquals([report.type, report.part, report.micro.f1], ["report", "validation", 1]);
    const pairs = Array.from({ length: 40 }, (_, i) => `a${i % 10}\tb${i % 10}b${i % 10}`).join(
      "\n",
    );
    await Deno.writeTextFile(`${cwd}/pairs.tsv`, pairs + "\n");
    const translate = await quern(
      [
        "finetune",
        ...SMALL,
        "--task",
        "translate",
        "--data",
        "pairs.tsv",
        "--val-data",
        "pairs.tsv",
      ]
        .concat("--epochs", "20", "--out", "pairs", "--bleu-tokenizer", "char"),
      { cwd },
    );
    assertEquals(translate.code, 0, translate.stderr);
    assertMatch(translate.stdout, /perplexity {2}[12]\./);
    assertMatch(translate.stdout, /^BLEU = /m);
    await assertScored(cwd, "pairs", ["--bleu-tokenizer", "char"]);
  }));

/** Checks that each epoch was scored by BLEU of the model as it was, and that the best was kept by it. */
async function assertScored(cwd: string, run: string, options: string[]): Promise<void> {
  const lines = (await Deno.readTextFile(`${cwd}/${run}/metrics.jsonl`)).trimEnd().split("\n");
  const told = lines.map((line) => JSON.parse(line)).filter((one) => "validationLoss" in one);
  const scores: number[] = told.map(({ score }) => score);
  const names = await Array.fromAsync(Deno.readDir(`${cwd}/${run}/checkpoints`), (e) => e.name);
  const state = async (name: string) =>
    JSON.parse(await Deno.readTextFile(`${cwd}/${run}/checkpoints/${name}/trainer.json`));
  const states = await Promise.all(names.toSorted().map(state));
  assertEquals(states.at(-1).bestScore, Math.max(...scores));
  assertEquals(Math.max(...states.map(({ score }) => score)), Math.max(...scores));
  const measured = await quern(
    ["eval", "--task", "translate", "--from", run, "--checkpoint", "last", "--beams", "1"]
      .concat("--data", "pairs.tsv", "--json", options),
    { cwd },
  );
  assertEquals(JSON.parse(measured.stdout).bleu.score, scores.at(-1), measured.stderr);
}

/** Pairs of a toy language, word by word. */
function toyPairs(): string {
  const words: Record<string, string> = {
    I: "我",
    you: "你",
    see: "看",
    eat: "吃",
    tea: "茶",
    rice: "饭",
  };
  const lines = ["I", "you"].flatMap((who) =>
    ["see", "eat"].flatMap((does) => ["tea", "rice"].map((what) => [who, does, what]))
  );
  return lines.map((line) => `${line.join(" ")}.\t${line.map((word) => words[word]).join("")}。`)
    .join("\n").concat("\n").repeat(6);
}

Deno.test("quern finetune --architecture encoder-decoder: translates what it learned; eval says the same", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/pairs.tsv`, toyPairs());
    const args = [
      ...["--task", "translate", "--architecture", "encoder-decoder", "--source-size", "280"],
      ...["--data", "pairs.tsv", "--val-data", "pairs.tsv", "--bleu-tokenizer", "zh"],
      ...["--heads", "2", "--channels", "32", "--context", "16", "--batch-size", "12"],
      ...["--learning-rate", "0.01", "--dropout", "0", "--label-smoothing", "0.1"],
      ...["--tune", "off", "--json"],
    ];
    const dry = await quern(["finetune", ...args, "--dry-run"], { cwd });
    assertMatch(dry.stdout, /the encoder reads .+ "<\/s>"\n +0 .+"<s>" +→ "[我你]"\n/);
    const trained = await quern(["finetune", ...args, "--epochs", "10", "--out", "run"], { cwd });
    assertEquals(trained.code, 0, trained.stderr);
    const report = JSON.parse(trained.stdout.trimEnd().split("\n").at(-1)!);
    assert(report.bleu.score > 90, `BLEU ${report.bleu.score}`);
    await assertScored(cwd, "run", ["--bleu-tokenizer", "zh"]);
    const measure = ["--from", "run", "--data", "pairs.tsv", "--bleu-tokenizer", "zh", "--json"];
    const measured = await quern(["eval", "--task", "translate", ...measure], { cwd });
    assertEquals(measured.code, 0, measured.stderr);
    assertEquals(JSON.parse(measured.stdout).bleu, report.bleu);
    const lines = await quern(["translate", "--from", "run", "--beams", "2"], {
      ...{ cwd, stdin: "I see tea.\n\nyou eat rice.\nI see tea.\n", permissions: [] },
    });
    assertEquals([lines.code, lines.stdout], [0, "我看茶。\n\n你吃饭。\n我看茶。\n"], lines.stderr);
    const more = await quern(
      ["finetune", ...args, "--from", "run", "--epochs", "1", "--out", "more"],
      { cwd },
    );
    assertEquals(more.code, 0, more.stderr);
    const cases: [string[], string][] = [
      [["finetune", ...args, "--task", "text"], "An encoder–decoder is for --task translate, not"],
      [["finetune", ...args, "--lora-rank", "2"], "--lora-rank is for a GPT."],
      [["eval", "--task", "text", ...measure], "at this task: it is made to translate."],
    ];
    for (const [wrong, message] of cases) {
      const { code, stderr } = await quern(wrong, { cwd });
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, message);
    }
  }));

Deno.test("quern finetune: bad input is one sentence with the line, and leaves no run", () =>
  inFolder(async (cwd) => {
    const answered = '{"messages":[{"role":"user","content":"H"},' +
      '{"role":"assistant","content":"Y"}]}\n';
    const cases: [string, string, string[], RegExp][] = [
      [
        "one.tsv",
        "ham\ta b\nham\tc d\nspam\te f\n",
        ["classify"],
        /line 3: the class "spam" has one/,
      ],
      ["empty.tsv", "ham\ta b\nspam\t \nspam\tx y\n", ["classify"], /line 2: its text is empty/],
      ["bad.conll", "Ann\tI-PER\n", ["tag"], /line 1: the tag I-PER of "Ann" breaks IOB2/],
      ["pairs.tsv", "a\tb\nc\t\n", ["translate"], /line 2: its target side is empty/],
      [
        "long.tsv",
        `ham\t${"a".repeat(40)}\nham\tb c\nspam\tx y\nspam\tz z\n`,
        ["classify", "--on-long", "error", "--validation-fraction", "0"],
        /line 1: the text has 40 tokens, more than the context of 16/,
      ],
      [
        "chat.jsonl",
        '{"messages":[{"role":"user","content":"Hi!"}]}\n',
        ["chat"],
        /line 1: the conversation ends with the user/,
      ],
      [
        "turns.jsonl",
        '{"messages":[{"role":"user","content":"Hi!"},{"role":"user","content":"Hi?"}]}\n',
        ["chat"],
        /line 1: the conversation does not alternate: message 2 must be the assistant's/,
      ],
      ["a.jsonl", answered, ["chat", "--template", "cut.jinja"], /it is no Jinja .*cut\.jinja:0/],
      [
        "b.jsonl",
        answered,
        ["chat", "--template", "refuses.jinja"],
        /line 1: Cannot render the chat template: none of these/,
      ],
      [
        "seen.tsv",
        "ham\ta b\nham\tc d\nspam\te f\nspam\tg h\n",
        ["classify", "--val-data", "unseen.tsv"],
        /line 3: the label "eggs" was never seen in training, which has ham, spam.*unseen\.tsv/,
      ],
      [
        "tags.conll",
        "Ann\tB-PER\n\nso\tO\n",
        ["tag", "--val-data", "unseen.conll"],
        /line 3: the label "B-LOC" was never seen in training/,
      ],
    ];
    const files = {
      "cut.jinja": "{% for m in messages %}{{ m.content }",
      "refuses.jinja": "{{ raise_exception('none of these') }}",
      "unseen.tsv": "ham\ta b\nham\tc d\neggs\te f\nspam\tg h\n",
      "unseen.conll": "so\tO\n\nRome\tB-LOC\n",
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${cwd}/${name}`, text);
    }
    for (const [name, text, [task, ...more], wanted] of cases) {
      await Deno.writeTextFile(`${cwd}/${name}`, text);
      const args = ["--task", task, "--data", name, ...more, "--out", "run"];
      const { code, stderr } = await quern(["finetune", ...SMALL, ...args], { cwd });
      assertEquals(code, 1, name);
      assertMatch(stderr, wanted);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
      assertEquals(await Deno.stat(`${cwd}/run`).then(() => "a run", () => "none"), "none");
    }
    const usage: [string[], RegExp][] = [
      [["--data", "one.tsv"], /finetune needs a task: --task classify/],
      [["--task", "classify"], /finetune needs examples: name them with --data/],
      [["--task", "tag", "--data", "a.csv", "--format", "csv"], /--task tag reads conll or jsonl/],
      [["--task", "chat", "--data", "a.jsonl", "--seeds", "1,x"], /--seeds must be whole numbers/],
      [["--task", "chat", "--data", "a", "--tokenizer", "char"], /--tokenizer char needs a vocab/],
    ];
    for (const [args, wanted] of usage) {
      const { code, stderr } = await quern(["finetune", ...args], { cwd });
      assertEquals(code, 2, args.join(" "));
      assertMatch(stderr, wanted);
    }
  }));

Deno.test("quern finetune --lora-rank: an adapter as PEFT writes it, measured, merged by export", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a.tsv`, labelled(60));
    const small = [...SMALL.filter((_, i) => i < 6 || i > 7), "--context", "16"];
    await quern(
      ["train", ...small, "--iterations", "4", "--data", "text.txt", "--sample-interval", "0"]
        .concat("--out", "base"),
      { cwd },
    );
    const args = [
      "--batch-size",
      "4",
      "--learning-rate",
      "0.02",
      "--dropout",
      "0",
      "--tune",
      "off",
    ];
    const task = ["--task", "classify", "--data", "a.tsv", "--epochs", "8", "--lora-rank", "2"];
    const { code, stderr } = await quern(
      ["finetune", "--from", "base", ...args, ...task, "--lora-targets", "c_attn"]
        .concat("--lora-targets", "c_proj", "--lora-dropout", "0.1", "--out", "run"),
      { cwd },
    );
    assertEquals(code, 0, stderr);
    assertMatch(
      stderr,
      /GPU memory: weights .*; \d\.\d+% of the parameters are trained, all of them/,
    );
    const names = await Array.fromAsync(Deno.readDir(`${cwd}/run/adapter`), ({ name }) => name);
    assertEquals(names.sort(), [
      ...["adapter_config.json", "adapter_model.safetensors", "config.json", "tokenizer.json"],
    ]);
    const config = JSON.parse(await Deno.readTextFile(`${cwd}/run/adapter/adapter_config.json`));
    assertEquals([config.task_type, config.modules_to_save], ["SEQ_CLS", ["score"]]);
    const out = await quern(["export", "--from", "run", "--out", "merged"], { cwd });
    assertEquals(out.code, 0, out.stderr);
    const measure = async (from: string) => {
      const args = ["--task", "classify", "--from", from, "--data", "a.tsv", "--json"];
      return JSON.parse((await quern(["eval", ...args], { cwd })).stdout);
    };
    const [adapted, merged] = [await measure("run/adapter"), await measure("merged")];
    assert(adapted.accuracy > 0.9, `${adapted.accuracy}`);
    assertEquals(merged.accuracy, adapted.accuracy);
    assertEquals(merged.loss, adapted.loss);
    // What stands where its base was is another model now.
    const { base_model_name_or_path: base } = config;
    const train = ["train", ...small, "--iterations", "4", "--seed", "2", "--data", "text.txt"];
    await quern([...train, "--sample-interval", "0", "--out", "other"], { cwd });
    await quern(["export", "--from", "other", "--out", "moved"], { cwd });
    await Deno.rename(base, `${base}-was`);
    await Deno.rename(`${cwd}/moved`, base);
    const changed = await quern(
      ["eval", "--task", "classify", "--from", "run/adapter", "--data", "a.tsv"],
      { cwd },
    );
    assertEquals([changed.code, changed.stdout], [1, ""]);
    assertMatch(changed.stderr, /^quern: Cannot use the adapter .* for another model than this/m);
    await Deno.remove(base, { recursive: true });
    await Deno.rename(`${base}-was`, base);
    const again = await quern(["finetune", "--from", "run", ...args, ...task], { cwd });
    assertEquals(again.code, 2);
    assertStringIncludes(again.stderr, "is an adapter itself; merge it first");
  }));

Deno.test("quern finetune --resume: after Ctrl-C all losses are those of a run never ended", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/a.tsv`, labelled(60));
    await Deno.writeTextFile(`${cwd}/pairs.tsv`, toyPairs());
    const plain = ["train", ...SMALL, "--iterations", "2", "--data", "text.txt"];
    await quern([...plain, "--sample-interval", "0", "--out", "base"], { cwd });
    const few = ["--batch-size", "4", "--dropout", "0.1", "--tune", "off", "--json"];
    const shape = ["--heads", "2", "--channels", "32", "--context", "16", "--source-size", "280"];
    const cases: [string, string[]][] = [
      ["head", ["--task", "classify", "--data", "a.tsv", "--from", "base", "--lora-rank", "2"]],
      [
        "pairs",
        ["--task", "translate", "--data", "pairs.tsv", ...shape]
          .concat("--architecture", "encoder-decoder", "--bleu-tokenizer", "zh"),
      ],
    ];
    for (const [name, task] of cases) {
      const args = ["finetune", ...few, ...task, "--epochs", "12", "--patience", "50"];
      const whole = await quern([...args, "--out", `${name}-whole`], { cwd });
      assertEquals(whole.code, 0, whole.stderr);
      const out = ["--out", `${name}-ended`];
      const child = startQuern([...args, ...out], { cwd });
      const told = new Response(child.stderr).text();
      let seen = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        if (!/"step"/.test(seen) && /"step"/.test(text)) child.kill("SIGINT");
        seen += text;
      }
      assertEquals((await child.status).code, 130, await told);
      assertStringIncludes(
        await told,
        `Go on with the same flags and --out ${name}-ended --resume`,
      );
      const other = await quern([...args, ...out, "--resume", "--learning-rate", "1"], { cwd });
      assertEquals(other.code, 2);
      assertStringIncludes(other.stderr, "--learning-rate was 0.0005 and is 1 now");
      const { code, stdout, stderr } = await quern([...args, ...out, "--resume"], { cwd });
      assertEquals(code, 0, stderr);
      const [before, after] = [
        await lossesOf(`${cwd}/${name}-whole`),
        await lossesOf(
          `${cwd}/${name}-ended`,
        ),
      ];
      assertEquals(after, before);
      const last = (text: string) => JSON.parse(text.trimEnd().split("\n").at(-1)!);
      assertEquals(last(stdout), last(whole.stdout));
    }
    const { stderr } = await quern(
      ["finetune", "--task", "text", "--data", "text.txt", "--resume"],
      {
        cwd,
      },
    );
    assertStringIncludes(stderr, "--resume needs the run: name its folder with --out.");
  }));
