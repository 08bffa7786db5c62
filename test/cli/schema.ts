import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";

const FOLDER = join(import.meta.dirname, "../../docs/schema");
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });

export type SchemaName = "event" | "event-ocsf" | "event-ecs" | "trace" | "frame" | "doctor";

/** What of a value is not as the documented schema has it; empty = nothing. */
export function faults(name: SchemaName, value: unknown): readonly string[] {
  const validate =
    ajv.getSchema(name) ??
    ajv.addSchema(JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")), name).getSchema(name);
  if (validate === undefined) throw new Error(`no schema ${name}`);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
