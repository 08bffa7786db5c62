import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Scenario } from "../scenario.ts";

/** Processes that change who they are, or are changed. */
export const processes: readonly Scenario[] = [
  {
    name: "a daemon that forked twice",
    async run(stage) {
      await stage.shell(`${stage.actors} daemon '${stage.payload}'; : operator`);
    },
    chain: [/: operator/, /actors daemon/, /curl -s/],
  },
  {
    name: "an orphan adopted by a subreaper",
    async run(stage) {
      await stage.shell(`${stage.actors} reaper '${stage.payload}'; : operator`);
    },
    chain: [/: operator/, /actors reaper/, /actors launch/, /curl -s/],
  },
  {
    name: "a pid that is used again",
    async run(stage) {
      const first = `curl -s http://127.0.0.1:8000/first; : first of the pid`;
      await stage.shell(
        `sh -c '${first}' & first=$!; wait $first; ${stage.actors} with-pid $first '${stage.payload}; : second of the pid'; : operator`,
      );
    },
    chain: [/: operator/, /actors with-pid/, /: second of the pid/, /curl -s/],
    never: [/: first of the pid'?$/],
  },
  {
    name: "an injected command",
    async run(stage) {
      const victim = stage.start(stage.actors, "victim");
      if (victim.stdout === null) throw new Error("no standard output");
      const [address] = await once(createInterface({ input: victim.stdout }), "line");
      await stage.shell(`${stage.actors} inject ${victim.pid} ${address} '${stage.payload}'; : attacker`);
    },
    chain: [/: attacker/, /actors inject/, /actors victim/, /curl -s/],
  },
  {
    name: "a named pipe",
    async run(stage) {
      await stage.shell("mkfifo orders; : maker");
      const reader = stage.shell("sh < orders; : reader");
      await stage.shell(`echo '${stage.payload}' | tee orders; : writer`);
      await reader;
    },
    chain: [/: writer/, /tee orders/, /^\d+ sh$/, /curl -s/],
    never: [/: reader/],
  },
  {
    name: "a pipeline of many stages",
    async run(stage) {
      await stage.shell(`echo '${stage.payload}' | cat | sed s/none/none/ | sh; : operator`);
    },
    chain: [/: operator/, /sed s/, /^\d+ sh$/, /curl -s/],
    beside: [/^\d+ cat: /],
  },
];
