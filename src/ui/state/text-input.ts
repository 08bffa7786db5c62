import { completeField } from "../search/query.ts";
import type { TextInput } from "./view-state.ts";

export const EMPTY_INPUT: TextInput = { text: "", at: 0 };
const LONGEST = 500;

function insert(input: TextInput, text: string): TextInput {
  // A pasted line break or control character is no part of a search.
  const clean = text.replace(/\p{Cc}+/gu, " ");
  const joined = (input.text.slice(0, input.at) + clean + input.text.slice(input.at)).slice(0, LONGEST);
  return { text: joined, at: Math.min(input.at + clean.length, joined.length) };
}

/** Index of the grapheme's start before `at`. */
function before({ text, at }: TextInput): number {
  const last = [...new Intl.Segmenter().segment(text.slice(0, at))].at(-1);
  return last?.index ?? 0;
}

function after({ text, at }: TextInput): number {
  const first = new Intl.Segmenter().segment(text.slice(at))[Symbol.iterator]().next().value;
  return at + (first?.segment.length ?? 0);
}

/** Start of the word before the cursor. */
function wordBefore({ text, at }: TextInput): number {
  return Math.max(0, text.slice(0, at).search(/\S+\s*$/));
}

/** The field whose name is begun before the cursor, completed; undefined when there is nothing to complete. */
export function completeInput({ text, at }: TextInput): TextInput | undefined {
  const start = text.slice(0, at).search(/\S+$/u);
  const completed = start < 0 ? undefined : completeField(text.slice(start, at));
  return completed === undefined
    ? undefined
    : { text: text.slice(0, start) + completed + text.slice(at), at: start + completed.length };
}

/** One key in a text field, with readline's keys; undefined when the key means nothing here. */
export function editText(input: TextInput, key: string, text: string | undefined): TextInput | undefined {
  const { at } = input;
  switch (key) {
    case "left":
    case "ctrl-b":
      return { ...input, at: before(input) };
    case "right":
    case "ctrl-f":
      return { ...input, at: after(input) };
    case "home":
    case "ctrl-a":
      return { ...input, at: 0 };
    case "end":
    case "ctrl-e":
      return { ...input, at: input.text.length };
    case "backspace":
      return { text: input.text.slice(0, before(input)) + input.text.slice(at), at: before(input) };
    case "delete":
    case "ctrl-d":
      return { ...input, text: input.text.slice(0, at) + input.text.slice(after(input)) };
    case "ctrl-u":
      return { text: input.text.slice(at), at: 0 };
    case "ctrl-w":
      return { text: input.text.slice(0, wordBefore(input)) + input.text.slice(at), at: wordBefore(input) };
    default:
      return text === undefined ? undefined : insert(input, text);
  }
}

export function pasteText(input: TextInput, text: string): TextInput {
  return insert(input, text);
}
