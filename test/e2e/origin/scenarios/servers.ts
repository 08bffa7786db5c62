import type { Scenario, Stage } from "../scenario.ts";

const ask = (stage: Stage, port: number): string =>
  `curl -s -H 'X-Run: ${stage.payload}' http://127.0.0.1:${port}/; : attacker`;

/** Work that was done because somebody asked for it. */
export const servers: readonly Scenario[] = [
  {
    name: "a web shell",
    async run(stage) {
      stage.start(stage.actors, "web", String(stage.port));
      await stage.world.listening(stage.port);
      await stage.shell(ask(stage, stage.port));
    },
    chain: [/: attacker/, /curl -s -H X-Run/, /actors web/, /curl -s http/],
  },
  {
    name: "a web shell behind nginx",
    needs: ["nginx"],
    async run(stage) {
      const behind = stage.port + 1;
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (one) => `${one}_temp_path ${stage.path(one)};`,
      );
      const conf = stage.file(
        "nginx.conf",
        `daemon off; pid ${stage.path("pid")}; error_log ${stage.path("errors")}; user root; worker_processes 1; events {}
         http { access_log off; ${temporary.join(" ")}
           server { listen 127.0.0.1:${stage.port}; location / { proxy_pass http://127.0.0.1:${behind}; } } }`,
      );
      stage.start(stage.actors, "web", String(behind));
      stage.start("nginx", "-c", conf, "-e", stage.path("errors"));
      await stage.world.listening(behind);
      await stage.world.listening(stage.port);
      await stage.shell(`curl -s http://127.0.0.1:${stage.port}/; : visitor`);
      await stage.shell(ask(stage, stage.port));
    },
    chain: [/: attacker/, /curl -s -H X-Run/, /nginx/, /actors web/, /curl -s http/],
    never: [/: visitor/],
  },
  {
    name: "a server that has served many",
    async run(stage) {
      stage.start(stage.actors, "web", String(stage.port));
      await stage.world.listening(stage.port);
      await stage.shell(
        `for i in 1 2 3 4 5 6 7 8 9 10; do curl -s -H 'X-Run: true' http://127.0.0.1:${stage.port}/; done; : visitors`,
      );
      await stage.shell(ask(stage, stage.port));
      await stage.shell(`curl -s http://127.0.0.1:${stage.port}/; : late visitor`);
    },
    chain: [/: attacker/, /curl -s -H X-Run/, /actors web/, /curl -s http/],
    never: [/visitor/],
  },
  {
    name: "a broker at a unix socket",
    async run(stage) {
      const path = stage.path("broker");
      stage.start(stage.actors, "manager", path);
      await stage.shell(`until [ -S ${path} ]; do sleep 0.02; done; ${stage.actors} say ${path} true; : visitor`);
      await stage.shell(`${stage.actors} say ${path} '${stage.payload}'; : attacker`);
    },
    chain: [/: attacker/, /actors say/, /actors manager/, /curl -s http/],
    never: [/: visitor/],
  },
  {
    name: "a relay",
    needs: ["socat"],
    async run(stage) {
      const behind = stage.port + 1;
      stage.start(stage.actors, "web", String(behind));
      stage.start("socat", `TCP-LISTEN:${stage.port},reuseaddr,fork,bind=127.0.0.1`, `TCP:127.0.0.1:${behind}`);
      await stage.world.listening(behind);
      await stage.world.listening(stage.port);
      await stage.shell(ask(stage, stage.port));
    },
    chain: [/: attacker/, /curl -s -H X-Run/, /socat/, /actors web/, /curl -s http/],
  },
  {
    name: "a shell on a socket",
    needs: ["socat"],
    async run(stage) {
      stage.start("socat", `TCP-LISTEN:${stage.port},reuseaddr,fork,bind=127.0.0.1`, "EXEC:sh");
      await stage.world.listening(stage.port);
      await stage.shell(`${stage.actors} say ${stage.port} '${stage.payload}'; : attacker`);
    },
    chain: [/: attacker/, /actors say/, /^\d+ sh$/, /curl -s http/],
  },
  {
    name: "a passed descriptor",
    async run(stage) {
      const path = stage.path("worker");
      stage.start(stage.actors, "worker", path);
      await stage.shell(`until [ -S ${path} ]; do sleep 0.02; done`);
      stage.start(stage.actors, "passer", String(stage.port), path);
      await stage.world.listening(stage.port);
      await stage.shell(`${stage.actors} say ${stage.port} '${stage.payload}'; : attacker`);
    },
    chain: [/: attacker/, /actors say/, /actors worker/, /curl -s http/],
  },
];
