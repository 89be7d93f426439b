const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry-2×32 of 20 rounds: two random words of a key and a counter. */
export function threefry2x32(key: [number, number], counter: [number, number]): [number, number] {
  const keys = [key[0], key[1], (0x1bd11bda ^ key[0] ^ key[1]) >>> 0];
  let [x, y] = [(counter[0] + key[0]) >>> 0, (counter[1] + key[1]) >>> 0];
  for (let round = 0; round < 20; round++) {
    const by = ROTATIONS[round % 8];
    x = (x + y) >>> 0;
    y = ((y << by) | (y >>> (32 - by))) >>> 0;
    y = (y ^ x) >>> 0;
    if (round % 4 !== 3) continue;
    const turn = (round + 1) / 4;
    x = (x + keys[turn % 3]) >>> 0;
    y = (y + keys[(turn + 1) % 3] + turn) >>> 0;
  }
  return [x, y];
}

/** 0 where dropout drops an element, else 1 / (1 − rate). */
export function keepFactor(
  { seed, step, layer, rate }: { seed: number; step: number; layer: number; rate: number },
  element: number,
): number {
  const [word] = threefry2x32([seed, layer], [step, element]);
  return word < Math.floor(rate * 2 ** 32) ? 0 : 1 / (1 - rate);
}
