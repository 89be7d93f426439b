import {
  type PrepareOptions,
  type Preview,
  previewPreparation,
  type StagePreview,
} from "../data/mod.ts";

/** Shows what `quern prepare` would do with the first documents, and writes nothing. */
export async function dryRun(
  { documents, json, ...options }: Omit<PrepareOptions, "out"> & {
    documents: number;
    json: boolean;
  },
): Promise<number> {
  const preview = await previewPreparation(options, documents);
  console.log(json ? JSON.stringify({ type: "dry-run", ...preview }) : describe(preview));
  return 0;
}

function describe({ documents, stages, kept, rows }: Preview): string {
  const number = (value: number) => value.toLocaleString("en");
  const bytesPerToken = kept.characters / Math.max(1, kept.tokens);
  return [
    `The first ${number(documents)} documents would become:`,
    ...stages.map(describeStage),
    `kept: ${number(kept.documents)} documents, ${number(kept.tokens)} tokens ` +
    `(${bytesPerToken.toFixed(2)} characters a token), ${number(rows)} rows`,
  ].join("\n\n");
}

function describeStage(stage: StagePreview): string {
  const { name, documents, changed, dropped, droppedExamples, changeExample } = stage;
  const lines = [`${name}: ${documents} documents in, ${changed} changed`];
  if (changeExample) {
    lines.push(`  ${changeExample.id}`);
    lines.push(`    before ${JSON.stringify(changeExample.before)}`);
    lines.push(`    after  ${JSON.stringify(changeExample.after)}`);
  }
  for (const [reason, count] of Object.entries(dropped)) {
    const { id, text } = droppedExamples[reason];
    lines.push(`  ${count.documents} dropped: ${reason}`);
    lines.push(`    ${id} ${JSON.stringify(text)}`);
  }
  return lines.join("\n");
}
