import { once } from "node:events";
import { copyFileSync } from "node:fs";
import type { Scenario } from "../scenario.ts";

/** Where chains begin: daemons that log users in, run jobs, hold containers, install packages. */
export const daemons: readonly Scenario[] = [
  {
    name: "a login over ssh",
    needs: ["sshd", "ssh", "ssh-keygen"],
    async run(stage) {
      await stage.shell("ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f key; : prepare");
      copyFileSync(stage.path("key.pub"), stage.path("authorized"));
      const conf = stage.file(
        "sshd.conf",
        `Port ${stage.port}\nListenAddress 127.0.0.1\nHostKey ${stage.path("host")}\nAuthorizedKeysFile ${stage.path("authorized")}
         StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n`,
      );
      stage.start("/usr/sbin/sshd", "-D", "-e", "-f", conf);
      await stage.world.listening(stage.port);
      const options = "-F none -i key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes";
      await stage.shell(`ssh ${options} -p ${stage.port} root@127.0.0.1 '${stage.payload}; true'; : remote user`);
    },
    chain: [/: remote user/, /ssh -F none/, /sshd/, /curl -s .*; true$/, /curl -s/],
  },
  {
    name: "a cron job",
    needs: ["cron"],
    async run(stage) {
      // In a mount namespace of its own: the machine's crontabs stay out of it.
      stage.file("empty", "");
      const cron = stage.start(
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs none /run; mount -t tmpfs none /etc/cron.d; " +
          "mount -t tmpfs none /var/spool/cron; mkdir -m 1730 /var/spool/cron/crontabs; mount --bind empty /etc/crontab; " +
          `umask 077; echo '@reboot ${stage.payload}' > /var/spool/cron/crontabs/root; exec cron -f`,
      );
      await stage.target();
      cron.kill("SIGTERM");
      await once(cron, "exit");
    },
    chain: [/cron/, /curl -s/],
    root: /^\d+ (\/usr\/sbin\/)?(cron|CRON)\b.*scheduled by cron/i,
  },
  {
    name: "another program mounted over cron",
    needs: ["cron"],
    async run(stage) {
      const forged = `mount --bind /bin/sh /usr/sbin/cron; exec /usr/sbin/cron -c "${stage.payload}; true"`;
      await stage.shell(`unshare --mount sh -c '${forged}'; : operator`);
    },
    chain: [/: operator/, /cron -c/, /curl -s/],
  },
  {
    name: "a package's hook",
    needs: ["dpkg", "dpkg-deb"],
    async run(stage) {
      stage.file(
        "p/DEBIAN/control",
        "Package: spydertop-test\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: test\n",
      );
      stage.file("p/DEBIAN/postinst", `#!/bin/sh\n${stage.payload}\n`, 0o755);
      for (const one of ["status", "available", "info/format", "updates/.keep", "triggers/.keep"])
        stage.file(`root/var/lib/dpkg/${one}`, one === "info/format" ? "1\n" : "");
      await stage.shell("dpkg-deb -b p p.deb; : packager");
      await stage.shell(
        `dpkg --root=${stage.path("root")} --force-script-chrootless --log=/dev/null -i p.deb; : administrator`,
      );
    },
    chain: [/: administrator/, /dpkg --root=/, /postinst/, /curl -s/],
    never: [/: packager/],
  },
  {
    name: "a container",
    needs: ["runc"],
    async run(stage) {
      const id = `spydertop-test-${process.pid}`;
      const mounts = ["/bin", "/usr", "/lib", "/lib64", "/etc", "/sbin"].map((path) => ({
        destination: path,
        source: path,
        type: "none",
        options: ["rbind", "ro"],
      }));
      stage.file("rootfs/.keep", "");
      stage.file(
        "config.json",
        JSON.stringify({
          ociVersion: "1.0.2",
          process: {
            args: ["/bin/sh", "-c", `${stage.payload}; : entry`],
            cwd: "/",
            env: ["PATH=/usr/bin:/bin"],
            user: { uid: 0, gid: 0 },
          },
          root: { path: "rootfs" },
          mounts: [{ destination: "/proc", type: "proc", source: "proc" }, ...mounts],
          linux: { namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })) },
        }),
      );
      await stage.shell(`runc --root ${stage.path("state")} run ${id}; : operator`);
    },
    chain: [/: entry/, /curl -s/],
    root: /main process of container spydertop-test-/,
  },
  {
    name: "a command handed to a manager",
    async run(stage) {
      const path = stage.path("manager");
      stage.start(stage.actors, "reaper", `exec ${stage.actors} manager ${path} <&0`);
      await stage.shell(
        `until [ -S ${path} ]; do sleep 0.02; done; ${stage.actors} say ${path} '${stage.payload}'; : operator`,
      );
    },
    chain: [/: operator/, /actors say/, /actors manager/, /curl -s/],
  },
];
