type Growable = Uint16Array | Uint32Array | Int32Array | Float64Array;

/** A copy with room for at least that many elements, and for twice as many as before. */
export function grown<A extends Growable>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(
    Math.max(length, 2 * array.length),
  );
  larger.set(array);
  return larger;
}

/** Negative, 0 or positive as `a[aStart, aEnd)` comes before, is or comes after `b[bStart, bEnd)`. */
export function compareUnits(
  a: Uint16Array,
  aStart: number,
  aEnd: number,
  b: Uint16Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}
