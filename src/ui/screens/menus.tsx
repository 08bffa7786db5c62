import { Dialog, type DialogLine } from "../components/dialog.tsx";
import type { Env } from "../components/env.ts";
import type { Frame } from "../state/frame.ts";
import { SIGNAL_CHOICES, SORT_CHOICES } from "../state/overlays.ts";
import type { Overlay } from "../state/view-state.ts";
import { sanitise } from "../text/sanitise.ts";
import { truncate } from "../text/width.ts";

interface MenuProps<Name extends Overlay["name"]> {
  readonly env: Env;
  readonly frame: Frame;
  readonly overlay: Extract<Overlay, { name: Name }>;
}

const hint =
  (text: string): DialogLine =>
  (line) =>
    line.add("dim", ` ${text}`);

export function SortMenu({ env, frame, overlay }: MenuProps<"sort">) {
  const choices = SORT_CHOICES.map(({ label }, index) => ({
    draw: ((line) => line.add("key", ` ${index + 1} `).add("text", label)) as DialogLine,
    selected: index === overlay.index,
  }));
  return (
    <Dialog
      env={env}
      layout={frame.layout}
      title="Sort by"
      width={38}
      lines={[...choices, { draw: hint("Enter sort, again: invert  Esc close") }]}
    />
  );
}

export function SignalMenu({ env, frame, overlay }: MenuProps<"signal">) {
  const width = Math.min(frame.layout.columns - 4, 60);
  const title = truncate(sanitise(`Signal for ${overlay.target.pid} ${overlay.target.command}`), width - 10);
  const choices = SIGNAL_CHOICES.map(({ name, label }, index) => ({
    draw: ((line) =>
      line
        .add("key", ` ${index + 1} `)
        .cell("strong", name, 10)
        .add("dim", label)) as DialogLine,
    selected: index === overlay.index,
  }));
  return (
    <Dialog
      env={env}
      layout={frame.layout}
      title={title}
      width={width}
      lines={[...choices, { draw: hint("Enter choose  Esc close") }]}
    />
  );
}

export function ConfirmDialog({ env, frame, overlay }: MenuProps<"confirm">) {
  const width = Math.min(frame.layout.columns - 4, 76);
  const { pid, command } = overlay.target;
  return (
    <Dialog
      env={env}
      layout={frame.layout}
      title={`Send ${overlay.signal}?`}
      width={width}
      lines={[
        { draw: (line) => line.add("dim", " to process ").add("strong", `${pid} `).clipped("text", command) },
        { draw: (line) => line.add("key", " y").add("text", " send   ").add("key", "n").add("text", " leave it") },
      ]}
    />
  );
}
