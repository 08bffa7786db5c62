import type { Format } from "../format.ts";
import { isObject, parseLine } from "../json.ts";
import { MalformedLine } from "../problems.ts";
import { TetragonImporter } from "./importer.ts";

/** Newline JSON of `tetra getevents -o json` and of Tetragon's export file. */
export const tetragon: Format = {
  name: "Tetragon export",
  recognises(line) {
    if (!line.startsWith("{")) return false;
    try {
      const json = parseLine(line);
      return Object.keys(json).some((key) => key.startsWith("process_") && isObject(json[key]));
    } catch (error) {
      if (error instanceof MalformedLine) return false;
      throw error;
    }
  },
  begin: (output) => new TetragonImporter(output),
};
