import type { Scenario } from "../scenario.ts";

/** Mounts are those of the world's namespace once a folder was entered in it by name. */
const INSIDE = 'cd "$(pwd)"';
const OVERLAY = `${INSIDE}; mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged`;

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
  {
    name: "below an overlay, run through it",
    async run(stage) {
      await stage.shell("mkdir lower upper work merged bound; cp /usr/bin/curl lower/k; : writer");
      await stage.shell(`${OVERLAY}; mount --bind merged bound; : mounter`);
      await stage.shell(`${INSIDE}; ./bound/k -s ${stage.url}; : runner`);
    },
    chain: [/: writer/, /cp .*lower\/k$/, /bound\/k -s/],
    never: [/: runner/, /: mounter/],
  },
  {
    name: "through an overlay, run from its layer",
    async run(stage) {
      await stage.shell(`mkdir lower upper work merged; ${OVERLAY}; : mounter`);
      await stage.shell(`${INSIDE}; cp /usr/bin/curl merged/k; : writer`);
      await stage.shell(`./upper/k -s ${stage.url}; : runner`);
    },
    chain: [/: writer/, /cp .*merged\/k$/, /upper\/k -s/],
    never: [/: runner/, /: mounter/],
  },
  {
    name: "a file changed below its file system",
    needs: ["debugfs", "mkfs.ext4"],
    async run(stage) {
      const image = "cp /usr/bin/curl k; truncate -s 8M img; mkfs.ext4 -q img; mkdir disk";
      await stage.shell(`${image}; : maker`);
      await stage.shell(
        "debugfs -w -R 'write k k' img; debugfs -w -R 'set_inode_field k mode 0100755' img; : attacker",
      );
      await stage.shell(`${INSIDE}; mount -o loop img disk; : mounter`);
      await stage.shell(`${INSIDE}; ./disk/k -s ${stage.url}; : runner`);
    },
    chain: [/: runner/, /disk\/k -s/],
    beside: [
      /debugfs -w -R write k k img: opened .*\/img, on which .*\/k is, for writing .*: it could have changed it/,
    ],
  },
  {
    name: "a script below an overlay, changed through it",
    async run(stage) {
      await stage.shell(`mkdir lower upper work merged; echo ': nothing' > lower/s; ${OVERLAY}; : maker`);
      await stage.shell(`${INSIDE}; echo '${stage.payload}' >> merged/s; : writer`);
      await stage.shell("cd upper; sh s; : runner");
    },
    chain: [/: writer/, /^\d+ sh s$/, /curl -s/],
    never: [/: runner/],
  },
];
