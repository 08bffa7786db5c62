import { EventEmitter } from "node:events";
import { Monitor } from "../core/monitor.ts";
import { BatchWriter } from "../core/wire/encode.ts";
import { KIND, MARK_WHAT } from "../core/wire/layout.gen.ts";
import { monitorQueries } from "../ui/monitor-queries.ts";
import { renderApp } from "../ui/render/render-app.tsx";
import { SearchIndex } from "../ui/search/search-index.ts";
import { NO_HOST } from "../ui/state/meters.ts";
import { Store } from "../ui/state/store.ts";
import { type Extent, ScreenStream } from "../ui/terminal/screen-stream.ts";
import type { Theme } from "../ui/theme/theme.ts";
import { recordedNames } from "./session.ts";

const SIZE = { columns: 80, rows: 24 };

/**
 * Goes through the first frame with two made-up processes and draws it to nowhere, so that its code is compiled while the
 * kernel still takes in its programs, and not after.
 */
export function rehearse(theme: Theme): void {
  const writer = new BatchWriter();
  writer.mark({ timeNs: 1, pid: 1, startNs: 0, what: MARK_WHAT.SNAPSHOT_BEGIN });
  for (const pid of [1, 2]) {
    const path = { exe: "/sbin/init", cwd: "/", argv: ["init", "-"], cgroupPath: "/init.scope", comm: "init" };
    const stdio = [1, 2, 3].map((ino) => ({ mode: 0o010600, ino }));
    writer.image(
      { ...path, timeNs: 2, pid, startNs: pid, exeIno: 1, parentPid: pid - 1, parentStartNs: 1, stdio },
      KIND.PROCESS,
    );
    writer.open({ timeNs: 3, pid, startNs: pid, path: "/var/log/messages", dev: 1, ino: 2, open: 2 });
    writer.tick({ timeNs: 4, pid, startNs: pid, cpuNs: 1, threads: 1 });
  }
  writer.mark({ timeNs: 5, pid: 1, startNs: 0, what: MARK_WHAT.SNAPSHOT_END });
  const monitor = new Monitor();
  monitor.ingest(writer.finish(6, 0));

  const names = recordedNames();
  const queries = monitorQueries(monitor, names);
  const capture = { kind: "live", events: 0, lost: 0 } as const;
  const store = new Store({
    sources: { queries, names, search: new SearchIndex(queries, names) },
    size: SIZE,
    readOnly: true,
    capture,
    nice: () => undefined,
    runEffect: () => undefined,
  });
  store.tick(NO_HOST, capture, 1);
  const nowhere = Object.assign(new EventEmitter(), SIZE) as unknown as Extent;
  const screen = new ScreenStream(nowhere, { stuck: true, write: () => undefined });
  renderApp(screen, { theme, names, hostname: "" }, store).unmount();
}
