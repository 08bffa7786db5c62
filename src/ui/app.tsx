import { Box } from "ink";
import { useSyncExternalStore } from "react";
import { ChartStrip } from "./components/chart-strip.tsx";
import type { Env } from "./components/env.ts";
import { infoLines, keysLine } from "./components/footer.tsx";
import { bannerTexts, headerLine, tabsLine } from "./components/header.tsx";
import { Lines } from "./components/lines.tsx";
import { timeBarLine } from "./components/time-bar.tsx";
import { ConnectionsScreen } from "./screens/connections.tsx";
import { ContainersScreen } from "./screens/containers.tsx";
import { DetailScreen } from "./screens/detail.tsx";
import { FilesScreen } from "./screens/files.tsx";
import { FindingsScreen } from "./screens/findings.tsx";
import { HelpScreen } from "./screens/help.tsx";
import { MakingScreen } from "./screens/making.tsx";
import { ConfirmDialog, ListMenu, Palette, WholeText } from "./screens/menus.tsx";
import { OriginScreen } from "./screens/origin.tsx";
import { SearchOverlay } from "./screens/search.tsx";
import { TreeScreen } from "./screens/tree.tsx";
import { LEAST_COLUMNS, LEAST_ROWS } from "./state/layout.ts";
import type { Shown, Store } from "./state/store.ts";

interface ShownProps extends Shown {
  readonly env: Env;
}

function Screen({ env, view, frame }: ShownProps) {
  const { body, time } = frame;
  if (time?.making?.late) {
    return <MakingScreen env={env} frame={frame} making={time.making} />;
  }
  switch (body.screen) {
    case "tree":
      return <TreeScreen env={env} view={view} frame={frame} body={body} />;
    case "connections":
    case "listen":
      return <ConnectionsScreen env={env} view={view} frame={frame} body={body} />;
    case "files":
      return <FilesScreen env={env} view={view} frame={frame} body={body} />;
    case "findings":
      return <FindingsScreen env={env} view={view} frame={frame} body={body} />;
    case "containers":
      return <ContainersScreen env={env} view={view} frame={frame} body={body} />;
    case "detail":
      return <DetailScreen env={env} frame={frame} body={body} />;
    case "origin":
    case "impact":
      return <OriginScreen env={env} frame={frame} body={body} />;
    case "help":
      return <HelpScreen env={env} frame={frame} body={body} />;
  }
}

function Overlay({ env, view, frame }: ShownProps) {
  const { overlay } = view;
  switch (overlay?.name) {
    case "search":
      return <SearchOverlay env={env} frame={frame} overlay={overlay} />;
    case "menu":
      return <ListMenu env={env} frame={frame} overlay={overlay} />;
    case "palette":
      return <Palette env={env} view={view} frame={frame} overlay={overlay} />;
    case "command":
      return <WholeText env={env} frame={frame} overlay={overlay} />;
    case "confirm":
      return <ConfirmDialog env={env} frame={frame} overlay={overlay} />;
    case "filter":
    case "jump":
    case undefined:
      return null;
  }
}

/** The whole screen, from top to bottom. It only delegates. */
export function App({ env, store }: { readonly env: Env; readonly store: Store }) {
  const { view, frame } = useSyncExternalStore(store.subscribe, store.snapshot);
  const { layout } = frame;
  if (layout.tooSmall) {
    const text = `need ${LEAST_COLUMNS}x${LEAST_ROWS}, have ${layout.columns}x${layout.rows}`;
    return <Lines lines={[text]} height={layout.rows} />;
  }
  return (
    <Box flexDirection="column" width={layout.columns} height={layout.rows}>
      <Lines lines={[headerLine(env, frame)]} />
      {layout.tabs > 0 && <Lines lines={[tabsLine(env, view, frame)]} />}
      {layout.charts > 0 && <ChartStrip env={env} frame={frame} />}
      {layout.banner > 0 && <Lines lines={bannerTexts(env, frame)} />}
      {layout.time > 0 && <Lines lines={[timeBarLine(env, frame)]} />}
      <Screen env={env} view={view} frame={frame} />
      {layout.info > 0 && <Lines lines={infoLines(env, view, frame)} height={layout.info} />}
      <Lines lines={[keysLine(env, view, frame)]} />
      <Overlay env={env} view={view} frame={frame} />
    </Box>
  );
}
