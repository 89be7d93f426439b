/** What becomes of the matches of a splitting pattern. */
export const SPLIT_BEHAVIORS = [
  "Removed",
  "Isolated",
  "MergedWithPrevious",
  "MergedWithNext",
  "Contiguous",
] as const;

/** One of `SPLIT_BEHAVIORS`. */
export type SplitBehavior = typeof SPLIT_BEHAVIORS[number];

/** A stretch of text that the pattern matches, or one that it doesn't. */
interface Stretch {
  start: number;
  end: number;
  isMatch: boolean;
}

/**
 * Cuts a text at the matches of a pattern.
 *
 * @param invert whether what the pattern doesn't match counts as the matches
 * @returns starts and ends of the pieces, none empty
 */
export function splitText(
  text: string,
  pattern: RegExp,
  behavior: SplitBehavior,
  invert = false,
): [start: number, end: number][] {
  const stretches = stretchesOf(text, pattern);
  if (invert) { for (const stretch of stretches) stretch.isMatch = !stretch.isMatch; }
  return arrange(stretches, behavior).filter(([start, end]) => end > start);
}

function stretchesOf(text: string, pattern: RegExp): Stretch[] {
  const stretches: Stretch[] = [];
  let done = 0;
  for (const { index, 0: { length } } of text.matchAll(pattern)) {
    // V8 finds empty matches within surrogate pairs too.
    if (length === 0 && text.codePointAt(index - 1)! > 0xffff) continue;
    if (index > done) stretches.push({ start: done, end: index, isMatch: false });
    stretches.push({ start: index, end: index + length, isMatch: true });
    done = index + length;
  }
  if (done < text.length) stretches.push({ start: done, end: text.length, isMatch: false });
  return stretches;
}

function arrange(stretches: Stretch[], behavior: SplitBehavior): [number, number][] {
  const pieces: [number, number][] = [];
  let before: Stretch | undefined;
  // Merging with the next is merging with the previous, seen from the end.
  const backwards = behavior === "MergedWithNext";
  for (const stretch of backwards ? stretches.reverse() : stretches) {
    const { start, end, isMatch } = stretch;
    const last = pieces[pieces.length - 1];
    const joins = behavior === "Contiguous"
      ? isMatch === before?.isMatch
      : behavior.startsWith("Merged") && isMatch && !before?.isMatch;
    if (joins && last !== undefined) {
      last[0] = Math.min(last[0], start);
      last[1] = Math.max(last[1], end);
    } else if (!(isMatch && behavior === "Removed")) pieces.push([start, end]);
    before = stretch;
  }
  return backwards ? pieces.reverse() : pieces;
}
