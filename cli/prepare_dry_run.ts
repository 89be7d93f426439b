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

function describe({ documents, stages, evaluation, kept, rows }: Preview): string {
  const bytesPerToken = kept.characters / Math.max(1, kept.tokens);
  const found = Object.entries(evaluation).map(([name, { documents, found }]) =>
    `${name}: ${counted(Object.keys(found).length, "item")} found in ${
      counted(documents, "document")
    }`
  );
  return [
    `The first ${counted(documents, "document")} would become:`,
    ...stages.map(describeStage),
    ...found,
    `kept: ${counted(kept.documents, "document")}, ${counted(kept.tokens, "token")} ` +
    `(${bytesPerToken.toFixed(2)} characters a token), ${counted(rows, "row")}`,
  ].join("\n\n");
}

function describeStage(stage: StagePreview): string {
  const { name, documents, changed, dropped, droppedExamples, changeExample } = stage;
  const lines = [`${name}: ${counted(documents, "document")} in, ${changed} changed`];
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

function counted(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
