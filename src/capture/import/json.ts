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
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** The end of the year 2254: what is later, or before 1970, is no time of a record. ns since 1970 fit in 63 bits. */
const LAST_S = 9e9;

/** Seconds since 1970. */
export function secondsOf(value: unknown): number | undefined {
  const seconds = numberOf(value);
  return seconds !== undefined && seconds >= 0 && seconds <= LAST_S ? seconds : undefined;
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
