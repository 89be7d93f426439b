import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { quern } from "./quern.ts";

const COMMANDS = ["train", "generate", "eval", "doctor"];

Deno.test("quern: no command and --help list the commands", async () => {
  for (const args of [[], ["--help"], ["-h"]]) {
    const { code, stdout } = await quern(args);
    assertEquals(code, 0);
    for (const name of COMMANDS) assertStringIncludes(stdout, `\n  ${name} `);
  }
});

Deno.test("quern --version prints the version", async () => {
  const { code, stdout } = await quern(["--version"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("quern COMMAND --help lists the command's options", async () => {
  const outputs = await Promise.all(COMMANDS.map((name) => quern([name, "--help"])));
  for (const [i, { code, stdout, stderr }] of outputs.entries()) {
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, `Usage: quern ${COMMANDS[i]} `);
    assertStringIncludes(stdout, "--json");
  }
});

Deno.test("quern: wrong usage is one sentence that names the nearest right word, exit code 2", async () => {
  const command = await quern(["trian"]);
  assertEquals([command.code, command.stdout], [2, ""]);
  assertEquals(
    command.stderr,
    'quern: Unknown command "trian". Did you mean "train"? quern --help lists all commands.\n',
  );
  const option = await quern(["doctor", "--jsn"]);
  assertEquals([option.code, option.stdout], [2, ""]);
  assertMatch(option.stderr, /^quern: Unknown option --jsn\. Did you mean "--json"\?.*\n$/);
});
