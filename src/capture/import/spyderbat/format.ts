import type { Format } from "../format.ts";
import { parseLine, textOf } from "../json.ts";
import { MalformedLine } from "../problems.ts";
import { SpyderbatImporter } from "./importer.ts";

const SCHEMA = /^(model|event)_[a-z_]+:/;

/** Newline JSON as Spyderbat's spydertop saves and opens it. */
export const spyderbat: Format = {
  name: "Spyderbat capture",
  recognises(line) {
    if (!line.startsWith("{")) return false;
    try {
      return SCHEMA.test(textOf(parseLine(line)["schema"]));
    } catch (error) {
      if (error instanceof MalformedLine) return false;
      throw error;
    }
  },
  begin: (output) => new SpyderbatImporter(output),
};
