/** What the workers of the pool's test do: square numbers, the small ones slowly. */
import { serveTasks } from "../../../data/prepare/pool.ts";

serveTasks(({ exponent }: { exponent: number }) => {
  if (exponent === 0) throw new RangeError("no exponent");
  return (numbers: Uint32Array) => {
    if (numbers[0] === 13) throw new RangeError("13 brings bad luck");
    for (const end = performance.now() + 20 - numbers[0]; performance.now() < end;);
    const powers = numbers.map((number) => number ** exponent);
    return { result: powers, transfer: [powers.buffer] };
  };
});
