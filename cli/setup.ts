/**
 * `deno task setup`: sees to a WebGPU adapter. Silent and quick where one answers; on a Debian-like
 * machine it installs Mesa's software driver; elsewhere it prints the command to type.
 */

/** What decides how a driver can be installed. */
export interface Machine {
  os: typeof Deno.build.os;
  /** Content of /etc/os-release; empty where there is none. */
  osRelease: string;
  /** Whether commands can be run as root, and how. */
  root: "self" | "sudo" | "no";
}

/** What to do where no adapter answers: run commands, or tell the user. */
export type Remedy = { install: string[][] } | { advice: string };

const PACKAGE = "mesa-vulkan-drivers";

/** Finds the way to a WebGPU adapter on a machine that has none. */
export function remedyFor({ os, osRelease, root }: Machine): Remedy {
  if (os === "darwin") {
    return { advice: "macOS: Metal is part of the system; update macOS and Deno" };
  }
  if (os === "windows") {
    return { advice: "Windows: install your graphics card's driver, then restart the terminal" };
  }
  const like = (name: string) => new RegExp(`^ID(_LIKE)?=.*\\b${name}\\b`, "m").test(osRelease);
  if (like("debian") || like("ubuntu")) {
    const install = [["apt-get", "-qq", "update"], [
      "apt-get",
      "-qq",
      "-y",
      "--no-install-recommends",
      "install",
      PACKAGE,
    ]];
    if (root === "no") {
      return { advice: `sudo apt-get update && sudo apt-get install -y ${PACKAGE}` };
    }
    return { install: root === "sudo" ? install.map((line) => ["sudo", "-n", ...line]) : install };
  }
  if (like("fedora") || like("rhel")) return { advice: `sudo dnf install -y ${PACKAGE}` };
  if (like("arch")) return { advice: "sudo pacman -S vulkan-swrast vulkan-icd-loader" };
  if (like("alpine")) return { advice: "sudo apk add mesa-vulkan-swrast vulkan-loader" };
  if (like("suse")) return { advice: "sudo zypper install -y Mesa-vulkan-drivers" };
  return {
    advice: `install Mesa's Vulkan drivers (often called ${PACKAGE}) with your package manager`,
  };
}

/** Looks at the machine this runs on. */
export async function readMachine(): Promise<Machine> {
  const osRelease = await Deno.readTextFile("/etc/os-release").catch(() => "");
  if (Deno.build.os !== "linux") return { os: Deno.build.os, osRelease, root: "no" };
  if (Deno.uid() === 0) return { os: "linux", osRelease, root: "self" };
  const sudo = await run(["sudo", "-n", "true"], "null").catch(() => false);
  return { os: "linux", osRelease, root: sudo ? "sudo" : "no" };
}

async function run([command, ...args]: string[], stderr: "null" | "inherit"): Promise<boolean> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const child = new Deno.Command(command, { args, env, stdin: "null", stdout: "null", stderr });
  return (await child.output()).success;
}

async function main(): Promise<number> {
  if (await navigator.gpu?.requestAdapter()) return 0;
  const remedy = remedyFor(await readMachine());
  if ("advice" in remedy) {
    console.error(`Quern needs a GPU driver and found none. To get one: ${remedy.advice}`);
    return 1;
  }
  console.error(
    `Quern needs a GPU driver and found none: installing Mesa's software driver (${PACKAGE}).`,
  );
  for (const command of remedy.install) {
    if (!await run(command, "inherit")) {
      console.error(
        `Could not install it: \`${command.join(" ")}\` failed. Run it by hand to see why.`,
      );
      return 1;
    }
  }
  // This process has looked for drivers already, so a new one must look again.
  if (await run(["deno", "eval", ASK_FOR_ADAPTER], "null")) return 0;
  console.error(
    `${PACKAGE} is installed, but WebGPU still finds no adapter. Run \`deno task doctor\`, and see whether /usr/share/vulkan/icd.d lists a driver.`,
  );
  return 1;
}

const ASK_FOR_ADAPTER = "Deno.exit(await navigator.gpu?.requestAdapter() ? 0 : 1)";

if (import.meta.main) Deno.exit(await main());
