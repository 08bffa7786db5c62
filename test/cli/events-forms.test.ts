import { describe, expect, test } from "vitest";
import { EventDecoder } from "../../src/cli/events/decode.ts";
import { ecsOf } from "../../src/cli/events/ecs.ts";
import type { Actor, EventKind, MonitorEvent } from "../../src/cli/events/event.ts";
import { eventFilter } from "../../src/cli/events/filter.ts";
import { nativeOf } from "../../src/cli/events/native.ts";
import { ocsfOf } from "../../src/cli/events/ocsf.ts";
import { textOf } from "../../src/cli/events/text.ts";
import { jsonLine } from "../../src/cli/format/json.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { everyRow, HOSTILE } from "./every-row.ts";
import { faults } from "./schema.ts";

const NAMES = {
  user: (uid: number) => (uid === 0 ? "root" : `u${uid}`),
  container: (path: string) => (path === "/docker/x" ? "web" : ""),
  cgroup: () => undefined,
};
const REPORTER = { hostname: "web-01", version: "1.2.3" };

function decoded(): readonly MonitorEvent[] {
  const monitor = new Monitor();
  const decoder = new EventDecoder(monitor.graph, NAMES);
  return everyRow().flatMap((batch) => {
    monitor.ingest(batch);
    return [...decoder.events(batch)];
  });
}

const events = decoded();
const some = (kind: EventKind): MonitorEvent => events.find((event) => event.kind === kind) as MonitorEvent;
const round = (value: object): Record<string, unknown> => JSON.parse(jsonLine(value)) as Record<string, unknown>;

test("every record is an event, but state found at the start and counters that were refreshed", () => {
  expect(events.map(({ kind }) => kind)).toEqual(
    (
      "fork exec create open open read write chmod rename unlink link symlink mount truncate chown open bytes dns " +
      "connect connect connect connect listen accept datagram socket close close unix-connect unix-accept pipe " +
      "credentials inject memory signal kernel namespace io_uring fd-pass cgroup lost throttled found exit exit"
    ).split(" "),
  );
});

describe("each form is as its schema has it, of every kind of event", () => {
  test.each(events.map((event, at) => [`${at} ${event.kind}`, event] as const))("%s", (_, event) => {
    expect(faults("event", round(nativeOf(event)))).toEqual([]);
    expect(faults("event-ocsf", round(ocsfOf(event, REPORTER)))).toEqual([]);
    expect(faults("event-ecs", round(ecsOf(event, REPORTER)))).toEqual([]);
  });

  test("a schema refuses what it does not document", () => {
    const native = round(nativeOf(some("exec")));
    expect(faults("event", { ...native, surprise: 1 })).not.toEqual([]);
    expect(faults("event", { ...native, time: "yesterday" })).not.toEqual([]);
    const ocsf = round(ocsfOf(some("exec"), REPORTER));
    expect(faults("event-ocsf", { ...ocsf, type_uid: 100702 })).not.toEqual([]);
    const { device: _device, ...lacking } = ocsf;
    expect(faults("event-ocsf", lacking)).not.toEqual([]);
  });
});

test("native: who, when, to the microsecond, with ids that are the same everywhere", () => {
  const [fork, exec] = [some("fork"), some("exec")].map((event) => round(nativeOf(event)));
  expect(exec).toMatchObject({
    event: "exec",
    time: "2023-11-14T22:13:20.003000Z",
    truncated: true,
    process: {
      pid: 20,
      id: "20@4999999999920",
      args: ["sh", "-c", HOSTILE],
      script: "/tmp/s",
      user: "u1000",
      container: "web",
      parent: { pid: 10, id: "10@4999999999910", name: "bash" },
    },
  });
  expect(fork).toMatchObject({ process: { pid: 10, name: "bash" }, target: { id: "20@4999999999920" } });
  expect(round(nativeOf(some("rename")))).toMatchObject({ file: { path: "/tmp/out", target: "/tmp/new" } });
  expect(round(nativeOf(some("chown")))).toMatchObject({ error: "EPERM", details: { uid: 33, gid: 44 } });
  expect(round(nativeOf(some("bytes")))).toMatchObject({
    file: { path: "/tmp/big", access: "write" },
    details: { bytes: 84_000 },
  });
  expect(round(nativeOf(some("dns")))).toMatchObject({ details: { name: "cdn.x", addresses: "198.51.100.7" } });
  expect(round(nativeOf(some("connect")))).toMatchObject({
    network: { remote: { ip: "198.51.100.7", name: "cdn.x" } },
  });
  expect(round(nativeOf(some("throttled")))).toMatchObject({
    process: { pid: 20 },
    details: { records: 34, of: "read" },
  });
  expect(round(nativeOf(some("lost")))).toMatchObject({ details: { records: 12, of: "open" } });
});

test("OCSF: classes, activities and who is whose parent", () => {
  const activity = (event: MonitorEvent) => {
    const { class_uid, activity_id, type_uid, status_id } = round(ocsfOf(event, REPORTER));
    return [class_uid, activity_id, type_uid, status_id];
  };
  expect(activity(some("exec"))).toEqual([1007, 1, 100701, 1]);
  expect(activity(some("exit"))).toEqual([1007, 2, 100702, 1]);
  expect(activity(some("inject"))).toEqual([1007, 4, 100704, 1]);
  expect(activity(some("credentials"))).toEqual([1007, 5, 100705, 1]);
  expect(activity(some("signal"))).toEqual([1007, 99, 100799, 1]);
  expect(activity(some("create"))).toEqual([1001, 1, 100101, 1]);
  expect(activity(some("chown"))).toEqual([1001, 7, 100107, 2]);
  const connects = events.filter(({ kind }) => kind === "connect").map((event) => activity(event)[1]);
  expect(connects).toEqual([1, 5, 4, 1]);
  expect(activity(some("listen"))).toEqual([4001, 7, 400107, 1]);
  expect(activity(some("lost"))).toEqual([0, 99, 99, 1]);
  expect(round(ocsfOf(some("exec"), REPORTER))).toMatchObject({
    time: 1_700_000_000_003,
    actor: { process: { pid: 10 } },
    process: { pid: 20, user: { uid: "1000", name: "u1000" }, parent_process: { pid: 10 } },
    metadata: { version: "1.6.0", profiles: ["container"], is_truncated: true },
  });
  expect(round(ocsfOf(some("accept"), REPORTER))).toMatchObject({
    src_endpoint: { ip: "2001:db8::2", port: 50000 },
    dst_endpoint: { ip: "2001:db8::1", port: 22 },
    connection_info: { direction_id: 1, protocol_name: "tcp", protocol_ver_id: 6 },
  });
});

test("a connection's end says which way it went and how much, although its beginning is another record", () => {
  const [out, inward] = events.filter(({ kind }) => kind === "close");
  expect(round(ocsfOf(out as MonitorEvent, REPORTER))).toMatchObject({
    src_endpoint: { ip: "10.0.0.4" },
    is_src_dst_assignment_known: true,
    traffic: { bytes_out: 1000, bytes_in: 2000 },
  });
  expect(round(ecsOf(inward as MonitorEvent, REPORTER))).toMatchObject({
    network: { direction: "ingress", bytes: 15 },
    source: { ip: "2001:db8::2", bytes: 8 },
    destination: { ip: "2001:db8::1", bytes: 7 },
  });
});

test("no form lets a control character, an escape or a bidirectional override through", () => {
  for (const event of events) {
    const forms = [nativeOf(event), ocsfOf(event, REPORTER), ecsOf(event, REPORTER)].map(jsonLine);
    for (const line of [...forms, textOf(event, true)]) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
  expect(textOf(some("exec"), false)).toMatch(
    /^\d\d:\d\d:\d\d\.003000 {2}exec +20 dash \[web\] {2}sh -c x"\\␊␛\]0;owned␇�/,
  );
  expect(round(nativeOf(some("exec")))).toMatchObject({ process: { args: ["sh", "-c", HOSTILE] } });
});

test("a parent or target of which only the pid is known has a question mark for its name, as who acted has", () => {
  const exec = some("exec");
  const nameless = { pid: 7, id: "7@1", name: "", args: [], cgroup: "", container: "" };
  const by7 = { ...exec, process: { ...(exec.process as Actor), parent: nameless } };
  expect(textOf(by7, false)).toMatch(/, by 7 \?\)/u);
  expect(textOf({ ...some("signal"), target: nameless }, false)).toMatch(/-> 7 \?/u);
});

describe("the filter speaks the words of the search overlay", () => {
  const kept = (filter: string): string[] => [
    ...new Set(events.filter(eventFilter(filter)).map(({ kind }) => kind as string)),
  ];

  test.each([
    ["kind:exec", "exec"],
    ["port:53", "datagram"],
    ["ip:198.51.100.7 state:failed", "connect"],
    ["path:/tmp/new", "rename unlink"],
    ["kind:exit state:exited pid:30", "exit"],
    ["econnrefused", "connect"],
    ["user:root kind:exit", "exit"],
    ["cont:web", "exec"],
    ["ppid:10 kind:accept", "accept"],
    ["host:2001:db8::2 !kind:close", "accept"],
  ])("%s", (filter, kinds) => {
    expect(kept(filter).join(" ")).toBe(kinds);
  });

  test("a negation keeps what lacks the field, an empty filter everything", () => {
    expect(kept("!port:443 kind:fork")).toEqual(["fork"]);
    expect(events.filter(eventFilter(" ")).length).toBe(events.length);
  });
});
