import type { Format } from "../format.ts";
import { AuditdImporter } from "./importer.ts";
import { isRecord } from "./record.ts";

/** audit.log as auditd writes it, raw or enriched; records in a syslog too. */
export const auditd: Format = {
  name: "auditd log",
  recognises: isRecord,
  begin: (output) => new AuditdImporter(output),
};
