import { nearest, queryProblem } from "../../ui/search/mistyped.ts";
import {
  FIELD_WORDS,
  type Field,
  fieldOf,
  parseQuery,
  queryHolds,
  type Searchable,
  termsOf,
} from "../../ui/search/query.ts";
import { EVENT_KINDS, type MonitorEvent } from "./event.ts";

const STATES = ["live", "exited", "closed", "failed"];

/** What is wrong with a filter, with the fix; undefined when nothing is. */
export function filterProblem(text: string): string | undefined {
  const problem = queryProblem(text);
  if (problem !== undefined) return problem;
  if (text.split('"').length % 2 === 0) return `a quote is not closed in ${text}`;
  for (const { negated, name, value } of termsOf(text)) {
    // Typed it is only begun; written it is a variable of a script that was empty, and would hold for everything.
    if (value === "" && (negated || name !== undefined))
      return `${name === undefined ? "!" : `${name}:`} wants a word behind it`;
    // An IPv6 address of letters, or a URL, is text.
    if (name === undefined || fieldOf(name) !== undefined || /^:|^\/\//u.test(value)) continue;
    return `no field "${name}"; there are ${FIELD_WORDS.join(", ")}; as text it goes in quotes: "${name}:${value}"`;
  }
  for (const { field, text: kind } of parseQuery(text)) {
    if (field === "state" && !STATES.includes(kind)) return `no state "${kind}"; there are ${STATES.join(", ")}`;
    if (field !== "kind" || EVENT_KINDS.some((known) => known === kind)) continue;
    const near = nearest(kind, EVENT_KINDS);
    return `no kind "${kind}"; ${near === undefined ? `there are ${EVENT_KINDS.join(", ")}` : `did you mean kind:${near}?`}`;
  }
  return undefined;
}

/** Whether an event holds a filter, in the words of the search overlay. */
export function eventFilter(text: string): (event: MonitorEvent) => boolean {
  const terms = parseQuery(text);
  if (terms.length === 0) return () => true;
  return (event) => queryHolds(terms, new SearchableEvent(event));
}

class SearchableEvent implements Searchable {
  readonly #event: MonitorEvent;

  constructor(event: MonitorEvent) {
    this.#event = event;
  }

  get haystack(): string {
    const { kind, error } = this.#event;
    const fields = (["pid", "cmd", "name", "path", "host", "user", "cont"] as const).flatMap((name) =>
      this.field(name),
    );
    return [kind, error?.toLowerCase() ?? "", ...fields].join(" ");
  }

  field(name: Field): readonly string[] {
    const { kind, process, target, file, network } = this.#event;
    const actors = [process, target].filter((actor) => actor !== undefined);
    switch (name) {
      case "kind":
        return [kind];
      case "pid":
        return actors.map(({ pid }) => String(pid));
      case "ppid":
        return process?.parent === undefined ? [] : [String(process.parent.pid)];
      case "user":
        return process?.uid === undefined ? [] : [(process.user ?? "").toLowerCase(), String(process.uid)];
      case "name":
        return actors.map((actor) => actor.name.toLowerCase());
      case "cmd":
        return actors.map(({ args }) => args.join(" ").toLowerCase());
      case "cont":
        return process === undefined ? [] : [process.container.toLowerCase()];
      case "port":
        return [network?.local, network?.remote].flatMap((end) => (end === undefined ? [] : [String(end.port)]));
      case "host":
        return [network?.local, network?.remote].flatMap((end) =>
          end === undefined ? [] : [end.ip, end.name?.toLowerCase() ?? ""],
        );
      case "path":
        return [
          file?.path,
          file?.target,
          network?.path,
          ...(kind === "exec" ? [process?.executable, process?.script] : []),
        ]
          .filter((path) => path !== undefined)
          .map((path) => path.toLowerCase());
      case "state":
        return [stateOf(this.#event)];
      case "rule":
        return [];
    }
  }
}

/** As the overlay has it: what is over, and what is not. */
function stateOf({ kind, error }: MonitorEvent): string {
  if (error !== undefined) return "failed";
  return kind === "exit" ? "exited" : kind === "close" ? "closed" : "live";
}
