/**
 * What the terminal sends, typed. A key is named the way a keymap writes it: the printable character itself
 * ("j", "J", "?"), or a name ("up", "f5", "enter", "space"), with "ctrl-", "alt-" and "shift-" in front.
 */
export type InputEvent = KeyEvent | PasteEvent | MouseEvent | FocusEvent;

export interface KeyEvent {
  readonly kind: "key";
  readonly key: string;
  /** What a text field inserts; undefined for a key that inserts nothing. */
  readonly text?: string;
}

export interface PasteEvent {
  readonly kind: "paste";
  readonly text: string;
}

export interface MouseEvent {
  readonly kind: "mouse";
  readonly action: "press" | "release" | "move" | "wheel-up" | "wheel-down";
  readonly button: "left" | "middle" | "right" | "none";
  /** Cell, from 0. */
  readonly x: number;
  readonly y: number;
}

export interface FocusEvent {
  readonly kind: "focus";
  readonly focused: boolean;
}
