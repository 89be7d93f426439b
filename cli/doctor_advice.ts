/** What WebGPU tells of an adapter and its machine. */
export interface AdapterFacts {
  os: typeof Deno.build.os;
  /** Whether the adapter computes on the CPU. */
  software: boolean;
  features: string[];
  limits: Record<string, number>;
  /** Smallest and largest subgroup, in threads. */
  subgroupSizes: [least: number, most: number];
}

/** Whether an adapter computes on the CPU, and so shares its memory. */
export function isSoftware({ isFallbackAdapter, description }: GPUAdapterInfo): boolean {
  return isFallbackAdapter || /llvmpipe|swiftshader|softpipe/i.test(description);
}

/** Names of the graphics interfaces below WebGPU. */
export type Backend = "Vulkan" | "Metal" | "Direct3D 12 or Vulkan" | "OpenGL";

/**
 * Guesses the graphics interface: WebGPU does not tell it.
 *
 * OpenGL is known by what wgpu never reports there: `bgra8unorm-storage`, and the true size of
 * subgroups, for which its widest range, 4 to 128, stands.
 */
export function inferBackend({ os, features, subgroupSizes }: AdapterFacts): Backend {
  if (os === "darwin") return "Metal";
  const [least, most] = subgroupSizes;
  if (!features.includes("bgra8unorm-storage") && least === 4 && most === 128) return "OpenGL";
  return os === "windows" ? "Direct3D 12 or Vulkan" : "Vulkan";
}

/** What to do about each thing that is amiss, a sentence or two each. */
export function adviceFor(facts: AdapterFacts): string[] {
  const advice: string[] = [];
  if (inferBackend(facts) === "OpenGL") {
    advice.push(
      "This looks like the OpenGL fallback, which is slow and little tested: install the Vulkan driver of your graphics card, or mesa-vulkan-drivers.",
    );
  }
  if (facts.software) {
    advice.push(
      "The adapter is software on the CPU: small models train in minutes, larger ones need a GPU. If this machine has one, install its Vulkan driver.",
    );
  }
  const binding = facts.limits.maxStorageBufferBindingSize;
  if (binding < 128 * 2 ** 20) {
    advice.push(
      `A binding holds only ${binding} bytes, less than WebGPU's standard 134217728: update the driver.`,
    );
  }
  return advice;
}
