import type { Monitor } from "../monitor.ts";
import { SEVERITIES } from "./certainty.ts";
import type { Finding } from "./model.ts";

/** All findings, worst first, the newest of alike ones first. */
export function findings(monitor: Monitor): readonly Finding[] {
  const rank = ({ severity }: Finding): number => SEVERITIES.indexOf(severity);
  return [...monitor.detector.findings].sort((a, b) => rank(b) - rank(a) || b.atNs - a.atNs);
}
