/**
 * The number of rows that a step of `n` rows is padded to, so that few sizes are recorded: 1, 2, 4, then
 * multiples of 8, from 32 on of 16, from 64 on of 32, from 128 on of 64 and so on.
 */
export function bucketOf(n: number): number {
  if (n <= 4) return n <= 2 ? n : 4;
  const grain = Math.max(8, 2 ** Math.floor(Math.log2(n - 1)) / 2);
  return Math.ceil(n / grain) * grain;
}
