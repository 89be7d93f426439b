/** The engine's Worker, except that a test can have its GPU hang, as a step that never ends makes it. */
import { Device } from "../../../kernels/mod.ts";
import { runEngine } from "../../../serve/engine/host.ts";

runEngine({
  async openDevice() {
    const device = await Device.open();
    const { queue } = device.gpu;
    const submit = queue.submit.bind(queue);
    let hangs = false;
    const channel = new BroadcastChannel("hang the GPU");
    channel.onmessage = () => {
      channel.close();
      hangs = true;
    };
    queue.submit = (commands) => {
      if (hangs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      submit(commands);
    };
    return device;
  },
});
