import { Dialog, type DialogLine } from "../components/dialog.tsx";
import type { Env } from "../components/env.ts";
import { addInput } from "../components/footer.tsx";
import { keyLabels } from "../keymap/help.ts";
import type { Frame } from "../state/frame.ts";
import { targetText } from "../state/menus.ts";
import { paletteHits } from "../state/palette.ts";
import { currentScreen, type Overlay, type ViewState } from "../state/view-state.ts";
import { sanitise } from "../text/sanitise.ts";
import { textWidth, truncate, wrapWords } from "../text/width.ts";

interface MenuProps<Name extends Overlay["name"]> {
  readonly env: Env;
  readonly frame: Frame;
  readonly overlay: Extract<Overlay, { name: Name }>;
}

const hint =
  (text: string): DialogLine =>
  (line) =>
    line.clipped("dim", ` ${text}`);

/** Rows of a dialog beside its choices: frame, input or hint, and the screen's first and last lines. */
const OTHER_ROWS = 6;

/** The part of a list that is shown, the selected row within it. */
function windowOf(count: number, index: number, rows: number): { readonly first: number; readonly shown: number } {
  const shown = Math.max(Math.min(count, rows - OTHER_ROWS), 1);
  return { first: Math.max(Math.min(index - Math.floor(shown / 2), count - shown), 0), shown };
}

const MOST_OF_A_TITLE = 52;
/** Frame, blanks and "21 of 40" beside a title. */
const ROOM_FOR_NOTE = 20;

/** A list to choose from, as wide as it needs. */
export function ListMenu({ env, frame, overlay }: MenuProps<"menu">) {
  const { menu, layout } = frame;
  if (menu === undefined) {
    return null;
  }
  const { items, title, hint: keys, numbered } = menu;
  const labels = Math.max(...items.map(({ label }) => textWidth(sanitise(label))), 8);
  const notes = Math.max(...items.map(({ note }) => note.length), 0);
  const wanted = Math.max(
    labels + notes + 12,
    keys.length + 4,
    Math.min(textWidth(sanitise(title)), MOST_OF_A_TITLE) + ROOM_FOR_NOTE,
  );
  const width = Math.min(layout.columns - 2, wanted);
  const { first, shown } = windowOf(items.length, overlay.index, layout.rows);
  const choices = items.slice(first, first + shown).map(({ label, note, ticked }, at) => ({
    draw: ((line) => {
      const number = first + at + 1;
      line.add("key", number < 10 && numbered !== false ? ` ${number} ` : "   ");
      line.add(ticked ? "good" : "faint", ticked === undefined ? "" : ticked ? "[x] " : "[ ] ");
      line.cell("strong", label, Math.min(labels, line.left)).add("text", "  ").clipped("dim", note);
    }) as DialogLine,
    selected: first + at === overlay.index,
  }));
  const more =
    overlay.typed !== undefined
      ? `> ${overlay.typed}`
      : shown < items.length
        ? `${overlay.index + 1} of ${items.length}`
        : "";
  return (
    <Dialog
      env={env}
      layout={layout}
      title={truncate(sanitise(title), width - 8 - more.length)}
      note={more}
      width={width}
      lines={[...choices, { draw: hint(keys) }]}
    />
  );
}

/** Commands by name, with the keys that do the same. */
export function Palette({ env, view, frame, overlay }: MenuProps<"palette"> & { readonly view: ViewState }) {
  const { layout } = frame;
  const hits = paletteHits(overlay.input.text, currentScreen(view).name);
  const width = Math.min(layout.columns - 2, 64);
  const index = Math.max(Math.min(overlay.index, hits.length - 1), 0);
  const { first, shown } = windowOf(Math.max(hits.length, 1), index, Math.min(layout.rows, 20));
  const choices = hits.slice(first, first + shown).map((binding, at) => ({
    draw: ((line) =>
      line
        .add("text", " ")
        .cell("strong", binding.command, 20)
        .cell("key", keyLabels(binding).join(" "), 12)
        .clipped("dim", ` ${binding.help}`)) as DialogLine,
    selected: first + at === index,
  }));
  const nothing = { draw: hint("there is no such command here") };
  return (
    <Dialog
      env={env}
      layout={layout}
      title="Command"
      note={`${hits.length}`}
      width={width}
      top={2}
      lines={[
        { draw: (line) => addInput(line.add("key", " : "), overlay.input) },
        ...(hits.length === 0 ? [nothing] : choices),
        { draw: hint("Enter do it  Tab complete  Esc close") },
      ]}
    />
  );
}

/** A text that did not fit into its row, wrapped. */
export function WholeText({ env, frame, overlay }: MenuProps<"command">) {
  const { layout } = frame;
  const width = layout.columns - 2;
  const lines = overlay.paragraphs.flatMap((text) => wrapWords(sanitise(text), width - 4));
  const rows = Math.max(Math.min(lines.length, layout.rows - OTHER_ROWS), 1);
  const first = Math.min(overlay.top, lines.length - rows);
  const shown = lines
    .slice(first, first + rows)
    .map((text) => ({ draw: ((line) => line.add("text", ` ${text}`)) as DialogLine }));
  const keys = lines.length > rows ? "Down Up scroll  Esc close" : "Esc close";
  return (
    <Dialog
      env={env}
      layout={layout}
      title={truncate(sanitise(overlay.title), width - 8)}
      width={width}
      lines={[...shown, { draw: hint(keys) }]}
    />
  );
}

const MOST_NAMED = 8;

export function ConfirmDialog({ env, frame, overlay }: MenuProps<"confirm">) {
  const width = Math.min(frame.layout.columns - 4, 76);
  const { targets, signal } = overlay;
  const named = targets.slice(0, MOST_NAMED).map(({ pid, command }) => ({
    draw: ((line) => line.add("dim", " to process ").add("strong", `${pid} `).clipped("text", command)) as DialogLine,
  }));
  const more = targets.length - named.length;
  return (
    <Dialog
      env={env}
      layout={frame.layout}
      title={`Send ${signal}${targets.length > 1 ? ` to ${targetText(targets)}` : ""}?`}
      width={width}
      lines={[
        ...named,
        ...(more > 0 ? [{ draw: hint(`and ${more} more`) }] : []),
        { draw: (line) => line.add("key", " y").add("text", " send   ").add("key", "n").add("text", " leave it") },
      ]}
    />
  );
}
