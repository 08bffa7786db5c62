import { MalformedLine } from "./problems.ts";

/** A JSON object of unknown shape. */
export type Json = { readonly [field: string]: unknown };

/** The object a line holds. Throws MalformedLine when it is none. */
export function parseLine(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The engine's message quotes the line; only the place is taken from it.
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new MalformedLine(place === undefined ? "not JSON: it ends too early" : `not JSON at its character ${place}`);
  }
  if (!isObject(value)) throw new MalformedLine("JSON, but not an object");
  return value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectOf(value: unknown): Json {
  return isObject(value) ? value : NOTHING;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A number, or the number a string of digits stands for (64-bit integers are written so). */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "string" && /^-?\d+$/.test(value)) return Number(value);
  return undefined;
}

/** An unsigned 32-bit id; undefined when it is none. */
export function idOf(value: unknown): number | undefined {
  const id = numberOf(value);
  return id !== undefined && Number.isInteger(id) && id >= 0 && id <= 0xffffffff ? id : undefined;
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

const NOTHING: Json = {};
