import type { Scenario } from "../scenario.ts";

/** A build writes what runs later. */
export const building: readonly Scenario[] = [
  {
    name: "a tool that make wrote",
    needs: ["make"],
    async run(stage) {
      stage.file("Makefile", `tool: input\n\tsh generate\n\tchmod +x tool\n`);
      stage.file("generate", 'sed "s,URL,$(cat input)," template > tool\n');
      stage.file("template", "#!/bin/sh\ncurl -s URL\n");
      stage.file("input", stage.url);
      await stage.shell("make tool; : builder");
      await stage.shell("./tool; : deployer");
    },
    chain: [/: builder/, /make tool/, /sed s,URL/, /\.\/tool$/, /curl -s/],
    never: [/: deployer/],
  },
  {
    name: "a tool that the compiler wrote",
    async run(stage) {
      stage.file("tool.c", `#include <stdlib.h>\nint main(void) { return system("${stage.payload}"); }\n`);
      await stage.shell("clang -o tool tool.c; : builder");
      await stage.shell("./tool; : deployer");
    },
    chain: [/: builder/, /clang -o tool/, /\.\/tool$/, /curl -s/],
    never: [/: deployer/],
  },
];
