/** The engine's Worker, except that a test can take its GPU away, as a driver's fault does. */
import { Device } from "../../../kernels/mod.ts";
import { runEngine } from "../../../serve/engine/host.ts";

runEngine({
  async openDevice() {
    const device = await Device.open();
    const channel = new BroadcastChannel("lose the GPU");
    channel.onmessage = () => {
      channel.close();
      device.gpu.destroy();
    };
    return device;
  },
});
