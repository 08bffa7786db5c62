import type { Scenario } from "../scenario.ts";

/** Code that lay in a file, on its way through names, links and archives. */
export const files: readonly Scenario[] = [
  {
    name: "a script",
    async run(stage) {
      await stage.shell(`printf '#!/bin/sh\\n%s\\n' '${stage.payload}' > s; chmod +x s; : writer`);
      await stage.shell("./s; : runner");
    },
    chain: [/: writer/, /\.\/s$/, /curl -s/],
    never: [/: runner/],
  },
  {
    name: "a chain of interpreters",
    async run(stage) {
      await stage.shell(`printf '#!/bin/sh\\nshift 0; exec sh "$@"\\n' > runs; chmod +x runs; : toolmaker`);
      await stage.shell(`printf '#!${stage.path("runs")}\\n%s\\n' '${stage.payload}' > s; chmod +x s; : writer`);
      await stage.shell("./s; : runner");
    },
    chain: [/: writer/, /s$/, /curl -s/],
    never: [/: runner/],
  },
  {
    name: "a symlinked interpreter",
    async run(stage) {
      await stage.shell(
        `ln -s /bin/sh mysh; printf '#!${stage.path("mysh")}\\n%s\\n' '${stage.payload}' > s; chmod +x s; : writer`,
      );
      await stage.shell("./s; : runner");
    },
    chain: [/: writer/, /mysh|\.\/s$/, /curl -s/],
    never: [/: runner/],
  },
  {
    name: "a rename between write and execution",
    async run(stage) {
      await stage.shell("cp /usr/bin/curl k.part; : writer");
      await stage.shell("mv k.part k; : mover");
      await stage.shell(`./k -s ${stage.url}; : runner`);
    },
    chain: [/: writer/, /cp .*k\.part/, /\.\/k -s/],
    never: [/: runner/],
  },
  {
    name: "a hard link",
    async run(stage) {
      await stage.shell("cp /usr/bin/curl k; : writer");
      await stage.shell("ln k innocent; rm k; : linker");
      await stage.shell(`./innocent -s ${stage.url}; : runner`);
    },
    chain: [/: writer/, /cp .*k$/, /\.\/innocent -s/],
    never: [/: runner/],
  },
  {
    name: "an archive",
    async run(stage) {
      await stage.shell("cp /usr/bin/curl k; tar cf served k; rm k; : prepare");
      await stage.shell(`curl -s ${stage.served("served")} -o a.tar; : fetcher`);
      await stage.shell("tar xf a.tar; : unpacker");
      await stage.shell(`./k -s ${stage.url}; : runner`);
    },
    chain: [/: unpacker/, /tar xf a\.tar/, /\.\/k -s/],
    beside: [/a\.tar: /, /curl -s .*-o a\.tar: /],
    never: [/: runner/],
  },
  {
    name: "a preloaded library",
    async run(stage) {
      await stage.shell(`cp ${stage.world.preload} evil.so; : writer`);
      await stage.shell(
        `LD_PRELOAD=./evil.so WHAT='${stage.payload}' true; LD_PRELOAD=./evil.so WHAT='${stage.payload}' ls >/dev/null; : runner`,
      );
    },
    chain: [/: writer/, /cp .*evil\.so/, /^\d+ ls/, /curl -s/],
    never: [/: runner/],
  },
  {
    name: "a preloaded library of any name",
    async run(stage) {
      await stage.shell(`cp ${stage.world.preload} evil; : writer`);
      await stage.shell(`LD_PRELOAD=./evil WHAT='${stage.payload}' ls >/dev/null; : runner`);
    },
    chain: [/: writer/, /cp .*evil/, /^\d+ ls/, /curl -s/],
    never: [/: runner/],
  },
];
