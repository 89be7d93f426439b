/** Shortest and longest piece, in UTF-16 code units. */
const LEAST = 1 << 16;
const MOST = 1 << 22;
/** Characters that a look at a border takes, in UTF-16 code units. */
const REACH = 5;

/**
 * A transform that cuts a long text into pieces of 64 K characters or a little more, for training:
 * after the end of a line, or before a space between two words. No known pre-token pattern matches
 * across such a border. (A text of 4 M characters without one is cut anyway.) The cuts are the same
 * however the text comes in chunks.
 */
export function cutTexts(): TransformStream<string, string> {
  const border = /\n(?=\P{White_Space})|\P{White_Space}(?= \p{L})/gu;
  let held = "";
  /** Up to here there is no border. */
  let searched = LEAST;
  return new TransformStream({
    transform(chunk, controller) {
      held += chunk;
      for (;;) {
        border.lastIndex = searched;
        const found = border.test(held) && border.lastIndex <= MOST;
        if (!found && held.length <= MOST) break;
        const end = found ? border.lastIndex : MOST - Number(isLead(held.charCodeAt(MOST - 1)));
        controller.enqueue(held.slice(0, end));
        held = held.slice(end);
        searched = LEAST;
      }
      searched = Math.max(LEAST, held.length - REACH);
    },
    flush(controller) {
      if (held !== "") controller.enqueue(held);
    },
  });
}

/** Whether a unit is the first half of a surrogate pair. */
function isLead(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}
