import type { Device } from "./device.ts";
import { placeWgsl } from "./texels.ts";

const LOADS = 20_000;

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
  const clock = stack.use(device.tensor("clock", [2 * 4], "u32"));
  const resolved = gpu.createBuffer({ size: 32, usage: 0x200 | 0x04 }); // QUERY_RESOLVE | COPY_SRC
  const queries = gpu.createQuerySet({ type: "timestamp", count: 4 });
  stack.defer(() => resolved.destroy());
  stack.defer(() => queries.destroy());
  const recordings = await Promise.all([texture, storage].map(async (x) => {
    const code = SHADER(x === texture);
    return stack.use(
      await device.record("reads", (pass) => {
        pass.launch({ label: "reads", code }, { x, y }, {}, { threads: 8 });
      }),
    );
  }));
  for (const recording of recordings) recording.run(); // compiles
  const encoder = gpu.createCommandEncoder({ label: "reads" });
  recordings.forEach((recording, i) => {
    const [beginningOfPassWriteIndex, endOfPassWriteIndex] = [2 * i, 2 * i + 1];
    const pass = encoder.beginComputePass({
      timestampWrites: { querySet: queries, beginningOfPassWriteIndex, endOfPassWriteIndex },
    });
    recording.encode(pass);
    pass.end();
  });
  encoder.resolveQuerySet(queries, 0, 4, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, clock.buffer, 0, 32);
  gpu.queue.submit([encoder.finish()]);
  const times = new BigUint64Array((await device.read([clock]))[0]);
  return Number(times[3] - times[2]) > WORTH * Number(times[1] - times[0]);
}
