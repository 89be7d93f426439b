import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Machine, remedyFor } from "../../cli/setup.ts";

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';

const remedy = (osRelease: string, root: Machine["root"] = "self") =>
  remedyFor({ os: "linux", osRelease, root });

Deno.test("remedyFor: Debian-like machines install Mesa's driver where root can be had", () => {
  for (
    const osRelease of [DEBIAN, "ID=ubuntu\nID_LIKE=debian", 'ID=mint\nID_LIKE="ubuntu debian"']
  ) {
    const [update, install] = (remedy(osRelease) as { install: string[][] }).install;
    assertEquals([update[0], update.at(-1)], ["apt-get", "update"]);
    assertEquals([install[0], install.at(-1)], ["apt-get", "mesa-vulkan-drivers"]);
  }
  const { install } = remedy(DEBIAN, "sudo") as { install: string[][] };
  assertEquals(install.map((line) => line.slice(0, 3)), [
    ["sudo", "-n", "apt-get"],
    ["sudo", "-n", "apt-get"],
  ]);
});

Deno.test("remedyFor: elsewhere the command to type", () => {
  const advice: [Machine | string, string][] = [
    [{ os: "linux", osRelease: DEBIAN, root: "no" }, "sudo apt-get install -y mesa-vulkan-drivers"],
    ["ID=fedora", "sudo dnf install"],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"', "sudo dnf install"],
    ["ID=arch", "sudo pacman -S"],
    ["ID=alpine", "sudo apk add"],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', "sudo zypper install"],
    ["", "package manager"],
    [{ os: "darwin", osRelease: "", root: "no" }, "macOS"],
    [{ os: "windows", osRelease: "", root: "no" }, "Windows"],
  ];
  for (const [machine, text] of advice) {
    const found = typeof machine === "string" ? remedy(machine) : remedyFor(machine);
    assertStringIncludes((found as { advice: string }).advice, text);
  }
});
