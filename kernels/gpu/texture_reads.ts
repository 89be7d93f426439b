import type { Device } from "./device.ts";
import { Pass, Recording } from "./recording.ts";
import { placeWgsl } from "./texels.ts";

const LOADS = 4000;

/** Turns that the two are timed in; the fastest of each counts, since other programs only slow them. */
const TURNS = 5;

const SHADER = (texture: boolean) => /* wgsl */ `
@group(0) @binding(0) var${texture ? " x: texture_2d<f32>" : "<storage, read> x: array<vec4f>"};
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
${texture ? placeWgsl : ""}
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = vec4f();
  for (var k = 0u; k < ${LOADS}u; k++) {
    let i = (k * 8u + id.x) & 4095u;
    sum += ${texture ? "textureLoad(x, place(i), 0)" : "x[i]"};
  }
  y[id.x] = sum;
}
`;

/** How much faster loads must be for textures to be worth their memory. */
const WORTH = 1.5;

/**
 * Whether loads of vectors through a texture are much faster than through a storage buffer, measured by the
 * device's own clock; false where it has none.
 */
export async function texturesPay(device: Device): Promise<boolean> {
  const { gpu } = device;
  if (!gpu.features.has("timestamp-query")) return false;
  using stack = new DisposableStack();
  const storage = stack.use(device.tensor("read from a buffer", [4 * 4096]));
  const texture = stack.use(device.texels("read from a texture", [4 * 4096]));
  const y = stack.use(device.tensor("read", [32]));
  const count = 4 * TURNS;
  const clock = stack.use(device.tensor("clock", [2 * count], "u32"));
  const resolved = gpu.createBuffer({ size: 8 * count, usage: 0x200 | 0x04 }); // QUERY_RESOLVE | COPY_SRC
  const queries = gpu.createQuerySet({ type: "timestamp", count });
  stack.defer(() => resolved.destroy());
  stack.defer(() => queries.destroy());
  const recordings = await Promise.all([texture, storage].map(async (x) => {
    const code = SHADER(x === texture);
    const pass = new Pass(device);
    pass.launch({ label: "reads", code }, { x, y }, {}, { threads: 8 });
    return stack.use(await Recording.compile(device, "reads", pass));
  }));
  for (const recording of recordings) recording.run(); // compiles
  const encoder = gpu.createCommandEncoder({ label: "reads" });
  for (let i = 0; i < 2 * TURNS; i++) {
    const [beginningOfPassWriteIndex, endOfPassWriteIndex] = [2 * i, 2 * i + 1];
    const pass = encoder.beginComputePass({
      timestampWrites: { querySet: queries, beginningOfPassWriteIndex, endOfPassWriteIndex },
    });
    recordings[i % 2].encode(pass);
    pass.end();
  }
  encoder.resolveQuerySet(queries, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, clock.buffer, 0, 8 * count);
  gpu.queue.submit([encoder.finish()]);
  const times = new BigUint64Array((await device.read([clock]))[0]);
  const fastest = (first: number) =>
    Math.min(
      ...Array.from({ length: TURNS }, (_, turn) => {
        const i = 2 * (2 * turn + first);
        return Number(times[i + 1] - times[i]);
      }),
    );
  return fastest(1) > WORTH * fastest(0);
}
