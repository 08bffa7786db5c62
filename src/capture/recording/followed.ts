import { Monitor, type MonitorOptions } from "../../core/monitor.ts";
import { Recorder } from "./recorder.ts";
import { stateOf } from "./state.ts";

/** A capture that is recorded while a monitor follows it: the monitor's state makes the checkpoints, its findings the notes. */
export class FollowedCapture {
  readonly monitor: Monitor;
  readonly recorder: Recorder;
  #noted = 0;

  constructor(options: MonitorOptions = {}) {
    this.monitor = new Monitor(options);
    // Before the first batch there is no state to wait for.
    const checkpoint = (limitBytes: number) => (this.monitor.events === 0 ? [] : stateOf(this.monitor, limitBytes));
    this.recorder = new Recorder({ checkpoint });
  }

  /** Takes in a batch; it may be reused by the caller afterwards. Nothing is taken in while the monitor is held. */
  readonly take = (batch: Uint8Array): void => {
    this.recorder.append(batch);
    this.monitor.ingest(batch);
    const { findings } = this.monitor.detector;
    for (; this.#noted < findings.length; this.#noted++) {
      const finding = findings[this.#noted];
      if (finding === undefined) continue;
      const { atNs: timeNs, severity, title, reason } = finding;
      this.recorder.note({ timeNs, severity, text: `${title}: ${reason}` });
    }
  };
}
