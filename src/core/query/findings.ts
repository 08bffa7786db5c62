import type { Monitor } from "../monitor.ts";
import type { Finding } from "./model.ts";

/** All findings, newest first. */
export function findings(monitor: Monitor): readonly Finding[] {
  return [...monitor.detector.findings].reverse();
}
