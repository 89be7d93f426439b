import type { Interval } from "./bootstrap.ts";
import { type Confusion, confusionSvg, mistakesOf, MOST_NUMBERS } from "./confusion.ts";
import type { Entity } from "./entities.ts";
import { escapeXml } from "./escape.ts";
import type { ClassScore } from "./f1.ts";
import { REPORT_STYLE } from "./report_style.ts";

/** One figure of an evaluation. */
export interface ReportFigure {
  /** Such as `accuracy`. */
  name: string;
  /** As it is to be read, such as `98.2%`. */
  value: string;
  /** Its 95% interval, in the same unit. */
  interval?: { low: string; high: string };
}

/** A text whose entities are marked; ends count UTF-16 code units. */
export interface MarkedText {
  /** The text itself. */
  text: string;
  /** In order, apart from one another. */
  entities: readonly Entity[];
}

/** An example to be looked at. */
export interface ReportExample {
  /** What the model was given; left out where the marked texts say it. */
  input?: string;
  /** What it should have said. */
  expected: string | MarkedText;
  /** What it said. */
  found: string | MarkedText;
  /** How sure it was, or how bad it is, such as `98% sure`. */
  note?: string;
}

/** All that the page of an evaluation shows. */
export interface EvaluationReport {
  /** What was measured, such as `sms-spam`. */
  title: string;
  /** The model, the data and how many examples, in a sentence. */
  about: string;
  /** The most important first. */
  figures: readonly ReportFigure[];
  /** Scores of each class or type of entity. */
  classes?: readonly ({ label: string } & ClassScore)[];
  /** Who was taken for whom. */
  confusion?: Confusion;
  /** Examples in groups, such as the most confident mistakes. */
  groups?: readonly { title: string; examples: readonly ReportExample[] }[];
  /** How it was counted: signatures, seeds, what was cut or left out. */
  notes?: readonly string[];
}

/** A percentage with one digit. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** A share and its interval as a figure in percent. */
export function percentFigure(name: string, share: number, interval?: Interval): ReportFigure {
  return {
    name,
    value: percent(share),
    ...(interval && { interval: { low: percent(interval.low), high: percent(interval.high) } }),
  };
}

/** A page of an evaluation for people, in one file that needs nothing else. */
export function evaluationReportHtml(report: EvaluationReport): string {
  const { title, about, figures, classes, confusion, groups = [], notes = [] } = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${REPORT_STYLE}
</style>
<h1>${escapeXml(title)}</h1>
<p>${escapeXml(about)}</p>
<div class="facts">
${figures.map(figureHtml).join("\n")}
</div>
${groups.map(groupHtml).join("\n")}
${confusion ? confusionHtml(confusion) : ""}
${classes ? classesHtml(classes) : ""}
${notes.length > 0 ? `<h2>How it was counted</h2>\n<pre>${escapeXml(notes.join("\n"))}</pre>` : ""}
</html>
`;
}

function figureHtml({ name, value, interval }: ReportFigure): string {
  const range = interval
    ? `<span class="soft range">${escapeXml(interval.low)} to ${escapeXml(interval.high)}</span>`
    : "";
  return `<div><span class="soft">${escapeXml(name)}</span><b>${
    escapeXml(value)
  }</b>${range}</div>`;
}

function groupHtml(
  { title, examples }: { title: string; examples: readonly ReportExample[] },
): string {
  const list = examples.map(({ input, expected, found, note }) => {
    const same = JSON.stringify(expected) === JSON.stringify(found);
    return `<article>${note === undefined ? "" : `<span class="note">${escapeXml(note)}</span>`}${
      input === undefined ? "" : `<p class="input">${escapeXml(input)}</p>`
    }<dl><dt>expected<dd>${sideHtml(expected)}<dt>found<dd class="${same ? "right" : "wrong"}">${
      sideHtml(found)
    }</dl></article>`;
  });
  return `<h2>${escapeXml(title)}</h2>\n${list.join("\n") || "<p>None.</p>"}`;
}

function sideHtml(side: string | MarkedText): string {
  if (typeof side === "string") return escapeXml(side) || '<span class="soft">nothing</span>';
  let html = "";
  let at = 0;
  for (const { type, start, end } of side.entities) {
    html += escapeXml(side.text.slice(at, start)) +
      `<mark>${escapeXml(side.text.slice(start, end))}<small>${escapeXml(type)}</small></mark>`;
    at = end;
  }
  return html + escapeXml(side.text.slice(at));
}

/** Most pairs of classes that the page lists. */
const MOST_PAIRS = 15;

function confusionHtml(confusion: Confusion): string {
  const picture = `<h2>Who was taken for whom</h2>
<div class="wide">${confusionSvg(confusion)}</div>`;
  // The picture has the numbers where there is room for them.
  if (confusion.labels.length <= MOST_NUMBERS) return picture;
  const rows = mistakesOf(confusion).slice(0, MOST_PAIRS).map(({ wanted, found, count }) =>
    `<tr><td>${escapeXml(wanted)}<td>${escapeXml(found)}<td class="n">${count}</tr>`
  );
  return `${picture}
<div class="wide"><table>
<tr><th>reference<th>answer<th class="n">examples</tr>
${rows.join("\n")}
</table></div>`;
}

function classesHtml(classes: readonly ({ label: string } & ClassScore)[]): string {
  const rows = classes.toSorted((a, b) => a.f1 - b.f1).map((score) =>
    `<tr><td>${escapeXml(score.label)}<td class="n">${percent(score.precision)}<td class="n">${
      percent(score.recall)
    }<td class="n">${percent(score.f1)}<td class="bar"><i style="width:${percent(score.f1)}"></i>` +
    `<td class="n">${score.support}</tr>`
  );
  return `<h2>Each class, the weakest first</h2>
<div class="wide"><table>
<tr><th>class<th class="n">precision<th class="n">recall<th class="n">F1<th><th class="n">examples</tr>
${rows.join("\n")}
</table></div>`;
}
