import { assertAlmostEquals, assertEquals } from "@std/assert";
import { charTokenizer } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { type Golden, openGolden } from "../../golden/golden.ts";
import { Served } from "../served.ts";

/** Writes a golden model's folder, with a tokenizer of as many characters as it has tokens. */
async function saveGolden(golden: Golden, folder: string): Promise<void> {
  using device = await Device.open();
  using model = await golden.model(device);
  const letters = Array.from(
    { length: golden.config.vocabularySize },
    (_, i) => String.fromCharCode(0x100 + i),
  );
  model.tokenizer = charTokenizer(letters).toJson();
  await model.save(folder);
}

Deno.test("engine: a prompt's log-probabilities and embeddings are PyTorch's (26, 36)", async () => {
  using golden = await openGolden("tied_bias");
  const folder = await Deno.makeTempDir();
  try {
    await saveGolden(golden, folder);
    await using served = await Served.start({ models: { golden: { folder } } });
    const { B, T, tokens } = golden.batch;
    const rows = Array.from({ length: B }, (_, b) => [...tokens.subarray(b * T, (b + 1) * T)]);
    const logits = await golden.file.read("logits");
    const V = golden.config.vocabularySize;

    const fields = { echo: true, logprobs: 0, max_tokens: 0 };
    // A prompt leaves room for a token, so the row's last one is left out.
    const prompt = rows.map((row) => row.slice(0, -1));
    const { choices } = await served.json("/v1/completions", {
      model: "golden",
      prompt,
      ...fields,
    });
    for (const [b, { logprobs }] of choices.entries()) {
      assertEquals([logprobs.token_logprobs[0], logprobs.token_logprobs.length], [null, T - 1]);
      for (let t = 1; t < T - 1; t++) {
        const row = logits.subarray((b * T + t - 1) * V, (b * T + t) * V);
        const sum = row.reduce((sum, x) => sum + Math.exp(x), 0);
        const wanted = row[rows[b][t]] - Math.log(sum);
        assertAlmostEquals(logprobs.token_logprobs[t], wanted, 1e-3);
      }
    }

    const { data } = await served.json("/v1/embeddings", { model: "golden", input: rows });
    const wanted = await golden.file.read("embeddings");
    const C = golden.config.channels;
    for (const { embedding, index } of data) {
      assertEquals(embedding.length, C);
      embedding.forEach((x: number, c: number) =>
        assertAlmostEquals(x, wanted[index * C + c], 1e-4)
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
