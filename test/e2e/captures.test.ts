import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { startProgram } from "./program.ts";
import type { Tui } from "./tui.ts";

/** Example captures beside the checkout; not part of it. */
const folder = join(import.meta.dirname, "../../../shared/data/spyderbat");
const captures = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json.gz")) : [];

if (captures.length === 0)
  test("example captures", (context) => context.skip("the example captures of Spyderbat are not beside the checkout"));

const running: Tui[] = [];
afterEach(() => {
  for (const one of running.splice(0)) one.kill("SIGKILL");
});

const READ_MS = 30_000;
const text = (screen: readonly string[]): string => screen.join("\n");
const status = (screen: readonly string[]): string => screen[0] ?? "";
/** Of the header: how many alerts are known at the moment shown. */
const alerts = (screen: readonly string[]): number => Number(/▲ (\d+)\s*$/u.exec(status(screen))?.[1] ?? 0);
/** Of the header: seconds of the day. */
const clock = (screen: readonly string[]): number => {
  const [, h = 0, m = 0, s = 0] = /(\d\d):(\d\d):(\d\d)/u.exec(status(screen))?.map(Number) ?? [];
  return h * 3600 + m * 60 + s;
};

describe.each(captures)("%s in a real terminal", (name) => {
  const told = new Set<string>();
  for (const line of gunzipSync(readFileSync(join(folder, name)))
    .toString()
    .split("\n")) {
    const { schema = "", id = "" } = line === "" ? {} : (JSON.parse(line) as { schema?: string; id?: string });
    if (/^(event_redflag|model_spydertrace):/u.test(schema)) told.add(id);
  }
  const conclusions = told.size;

  async function opened(): Promise<Tui> {
    const tui = startProgram(["replay", join(folder, name)], { columns: 150, rows: 40 });
    running.push(tui);
    await tui.waitFor((screen) => /IMPORT \d/u.test(status(screen)) && /dockerd/u.test(text(screen)), READ_MS);
    // What is known of the end of the file only is told last.
    await tui.waitFor((screen) => alerts(screen) === conclusions, READ_MS);
    return tui;
  }

  /** Presses keys and waits until the screen has all they lead to: it may be drawn in parts. */
  async function go(tui: Tui, keys: string, ...to: readonly RegExp[]): Promise<string> {
    tui.press(keys);
    return text(await tui.waitFor((screen) => to.every((one) => one.test(text(screen))), READ_MS));
  }

  test("the tree is that machine's, and nothing on the screen is this one's", async () => {
    const tui = await opened();
    await go(
      tui,
      "",
      /^ +1 root .* \/sbin\/init/mu,
      /├─ \/usr\/bin\/dockerd .*⇐ :2376/u,
      /│ {2}[├└]─ \/usr\/bin\/containerd/u,
    );
    expect(status(tui.screen())).toContain("minikube");
    expect(status(tui.screen())).not.toMatch(/cpu|mem|net/u);
    expect(await go(tui, "\x0b", /not this machine's|file/u)).not.toMatch(/SIGTERM/u);
  });

  test("a search leads to a process, that to its connections, alerts and origin, and Esc back", async () => {
    const tui = await opened();
    await go(tui, "/kube-apiserver", /kube-apiserver --advertise-address/u);
    await go(tui, "\r", /^ \S* *\d+ root .*kube-apiserver --advertise-address/mu);
    await go(
      tui,
      "\r",
      /timeline/u,
      /chain systemd › .*kube-apiserver/u,
      /container [0-9a-f]{12}/u,
      /⇐ tcp .*:8443/u,
      /trace of kube-apiserver/u,
    );
    await go(tui, "o", /because Container [0-9a-f]{12}/u, /evidence:/u);
    await go(tui, "\x1b", /timeline/u);
    await go(tui, "\x1b", /COMMAND/u);
  });

  test("connections by port: one row for both ends, with origin and impact", async () => {
    const tui = await opened();
    await go(tui, "2", /PROTO/u);
    await go(tui, "\\port:2379\r", /filter: port:2379/u, /⇒.*×\d+.* tcp .*127\.0\.0\.1:2379.*kube-apiserver/u);
    await go(tui, "o", /^ Origin of tcp .*:2379/mu, /THIS/u);
    await go(tui, "\x1b", /filter: port:2379/u);
    await go(tui, "O", /^ Impact of tcp/mu, /etcd|apiserver/u);
  });

  test("alerts: flags and traces, each with its chain from the root on, its place in the tree and its origin", async () => {
    const tui = await opened();
    const flags = /MEDIUM .*×\d+ .*suspicious.* T1498/u;
    await go(tui, "4", /SEV +TIME/u, /spyderbat\/trace .*kubelet › xtables-legacy-multi/u, flags);
    tui.press("\\rule:trace\r");
    await tui.waitFor((screen) => /filter: rule:trace/u.test(text(screen)) && !text(screen).includes("T1498"), READ_MS);
    await go(tui, "\x1b", flags);
    await go(tui, "o", /^ Origin of .*: /mu, /THIS/u);
    await go(tui, "\x1b", /SEV +TIME/u);
  });

  test("containers and units by their control groups, one key leads to what runs in them", async () => {
    const tui = await opened();
    await go(tui, "5", /KIND +NAME/u, /container [0-9a-f-]{8,}\/[0-9a-f]{12} +docker/u, /container .*:8443/u);
    tui.press("\\kubelet\r");
    await tui.waitFor((screen) => /unit +kubelet/u.test(text(screen)) && !/container /u.test(text(screen)), READ_MS);
    await go(tui, "\r", /COMMAND +ACTIVITY/u, /kubelet --bootstrap-kubeconfig|\/kubelet/u);
  });

  test("time: back step by step, by minutes and alerts, with what was known then; L leads to the end", {
    timeout: 120_000,
  }, async () => {
    const tui = await opened();
    const end = { atS: clock(tui.screen()), alerts: alerts(tui.screen()) };
    const paused = await go(tui, "Z", /PAUSED/u);
    expect(paused, "a file has an end, and no present").toMatch(/\| \d\d:\d\d:\d\d .* L end/u);
    // Several things may have happened in one second.
    const until = async (key: string, there: (atS: number) => boolean): Promise<readonly string[]> => {
      const arrived = (screen: readonly string[]) => there(clock(screen)) && !/rebuilding/u.test(status(screen));
      for (let pressed = 0; pressed < 20 && !arrived(tui.screen()); pressed++) {
        tui.press(key);
        await tui.waitFor(arrived, 2_000).catch(() => []);
      }
      return tui.waitFor(arrived, READ_MS);
    };
    const back = (key: string) => {
      const before = clock(tui.screen());
      return until(key, (atS) => atS < before);
    };
    await back("[");
    await back("{");
    const earlier = await back("{");
    expect(alerts(earlier)).toBeLessThan(end.alerts);
    expect(text(earlier)).toMatch(/\/sbin\/init/u);
    const atAlert = clock(await back("("));
    await until("]", (atS) => atS > atAlert);
    tui.press("L");
    const present = await tui.waitFor((screen) => /IMPORT/u.test(status(screen)), READ_MS);
    expect({ atS: clock(present), alerts: alerts(present) }).toEqual(end);
    tui.press("q");
    expect((await tui.exited).exitCode).toBe(0);
  });
});
