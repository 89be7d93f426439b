/** Losses of a run, as {@linkcode lossSvg} draws them. */
export interface LossCurves {
  /** Loss of iteration i + 1 in nats a token; NaN or absent where it is not known. */
  train: readonly number[];
  /** Validation loss in nats a token, by iteration. */
  validation: ReadonlyMap<number, number>;
}

interface Point {
  x: number;
  y: number;
  low: number;
  high: number;
}

const SIZE = { width: 720, height: 400 };
const FRAME = { left: 64, right: 684, top: 48, bottom: 344 };
/** Most points of the training curve; longer runs are drawn as means with their spread. */
const MOST_POINTS = 320;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .paper { fill: #ffffff; } .grid { stroke: #d8dee4; } .axis { stroke: #59636e; }
  .train { stroke: #0969da; } .validation { stroke: #bc4c00; }
  .spread { fill: #0969da; opacity: 0.18; } .dot { fill: #bc4c00; }
  .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .paper { fill: #0d1117; } .grid { stroke: #2f363d; }
    .axis { stroke: #8b949e; } .train { stroke: #58a6ff; } .validation { stroke: #ffa657; }
    .spread { fill: #58a6ff; opacity: 0.25; } .dot { fill: #ffa657; }
  }`;

/** Draws train and validation loss over iterations; readable on light and on dark pages. */
export function lossSvg(curves: LossCurves): string {
  const train = bucketed(curves.train);
  const validation = [...curves.validation]
    .filter(([, loss]) => Number.isFinite(loss))
    .sort(([a], [b]) => a - b)
    .map(([x, y]) => ({ x, y, low: y, high: y }));
  const all = [...train, ...validation];
  const last = all.reduce((most, { x }) => Math.max(most, x), 1);
  const low = all.reduce((least, point) => Math.min(least, point.low), Infinity);
  const high = all.reduce((most, point) => Math.max(most, point.high), -Infinity);
  const xTicks = niceTicks(0, last, 8).filter((tick) => Number.isInteger(tick));
  const yTicks = all.length > 0 ? niceTicks(low, high, 8) : [0, 1];
  const [bottom, top] = [yTicks[0], yTicks[yTicks.length - 1]];
  const tenth = (value: number) => Math.round(10 * value) / 10;
  const { left, right } = FRAME;
  const height = FRAME.bottom - FRAME.top;
  const place = {
    x: (value: number) => tenth(left + value / last * (right - left)),
    y: (value: number) => tenth(FRAME.bottom - (value - bottom) / (top - bottom) * height),
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="Loss over iterations">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${SIZE.width}" height="${SIZE.height}"/>`,
    ...xTicks.map((tick) => xTick(place.x(tick), tick)),
    ...yTicks.map((tick) => yTick(place.y(tick), tick, yTicks[1] - yTicks[0])),
    `<path class="axis" d="M${FRAME.left} ${FRAME.top}V${FRAME.bottom}H${FRAME.right}" fill="none"/>`,
    `<text x="${(FRAME.left + FRAME.right) / 2}" y="386" text-anchor="middle">iteration</text>`,
    `<text transform="translate(18 ${
      (FRAME.top + FRAME.bottom) / 2
    }) rotate(-90)" text-anchor="middle">loss (nats per token)</text>`,
    ...legend(train.length > 0, validation.length > 0),
    ...curve("train", train, place),
    ...curve("validation", validation, place),
    "</svg>\n",
  ].join("\n");
}

/**
 * Round numbers 1, 2 or 5 times a power of ten apart; the first is at or below `low`, the last at or
 * above `high`.
 */
export function niceTicks(low: number, high: number, most: number): number[] {
  const span = high > low ? high - low : Math.max(Math.abs(low) / 10, 0.1);
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 5, 10, 20].map((factor) => factor * power)
    .find((candidate) => span / candidate <= most - 1)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from(
    { length: last - first + 1 },
    (_, i) => Number(((first + i) * step).toFixed(9)),
  );
}

/** Mean, least and largest loss of runs of neighbouring iterations. */
function bucketed(losses: readonly number[]): Point[] {
  const width = Math.max(1, Math.ceil(losses.length / MOST_POINTS));
  const points: Point[] = [];
  for (let start = 0; start < losses.length; start += width) {
    const known = losses.slice(start, start + width).filter(Number.isFinite);
    if (known.length === 0) continue;
    points.push({
      x: Math.min(start + (width + 1) / 2, losses.length),
      y: known.reduce((sum, loss) => sum + loss, 0) / known.length,
      low: Math.min(...known),
      high: Math.max(...known),
    });
  }
  return points;
}

interface Place {
  x(value: number): number;
  y(value: number): number;
}

function curve(name: "train" | "validation", points: Point[], place: Place): string[] {
  if (points.length === 0) return [];
  const at = (x: number, y: number) => `${place.x(x)} ${place.y(y)}`;
  const path = (values: string[]) => "M" + values.join("L");
  const line = path(points.map(({ x, y }) => at(x, y)));
  // A path of one point is drawn only where it goes somewhere, if but to itself.
  const drawn = [`<path class="curve ${name}" d="${points.length > 1 ? line : line + "h0"}"/>`];
  if (name === "train") {
    const edge = points.map(({ x, high }) => at(x, high))
      .concat(points.toReversed().map(({ x, low }) => at(x, low)));
    drawn.unshift(`<path class="spread" d="${path(edge)}Z"/>`);
  } else if (points.length <= 60) {
    drawn.push(
      ...points.map(({ x, y }) =>
        `<circle class="dot" cx="${place.x(x)}" cy="${place.y(y)}" r="3"/>`
      ),
    );
  }
  return drawn;
}

function xTick(x: number, value: number): string {
  if (x > FRAME.right) return "";
  const text = value.toLocaleString("en");
  return `<path class="grid" d="M${x} ${FRAME.top}V${FRAME.bottom}"/><text x="${x}" y="${
    FRAME.bottom + 18
  }" text-anchor="middle">${text}</text>`;
}

function yTick(y: number, value: number, step: number): string {
  const text = value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return `<path class="grid" d="M${FRAME.left} ${y}H${FRAME.right}"/><text x="${
    FRAME.left - 8
  }" y="${y + 4}" text-anchor="end">${text}</text>`;
}

function legend(hasTrain: boolean, hasValidation: boolean): string[] {
  const names = [hasTrain && "train", hasValidation && "validation"].filter((name) =>
    name !== false
  );
  return names.map((name, i) => {
    const x = FRAME.left + 100 * i;
    return `<path class="curve ${name}" d="M${x} 26h24"/><text x="${x + 32}" y="30">${name}</text>`;
  });
}
