import { PassThrough } from "node:stream";
import { type Instance, render } from "ink";
import { App } from "../app.tsx";
import type { Env } from "../components/env.ts";
import type { Store } from "../state/store.ts";
import type { ScreenStream } from "../terminal/screen-stream.ts";
import { installComposer } from "./compose.ts";

/** Mounts the screens: Ink lays out, the stream paints. */
export function renderApp(screen: ScreenStream, env: Env, store: Store): Instance {
  installComposer();
  const stream = screen as unknown as NodeJS.WriteStream;
  return render(<App env={env} store={store} />, {
    stdout: stream,
    stderr: stream,
    // Ink never sees the keyboard: its parser knows no F-keys.
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    // Every frame is handed over whole and at once; sizes come from the store.
    debug: true,
    interactive: false,
    exitOnCtrlC: false,
    patchConsole: false,
  });
}
