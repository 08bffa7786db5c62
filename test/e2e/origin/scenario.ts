import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { impactOf } from "../../../src/core/origin/impact.ts";
import { originOf } from "../../../src/core/origin/origin.ts";
import type { OriginChain, OriginStep, Subject } from "../../../src/core/query/model.ts";
import { HUB, type World } from "./world.ts";

/** Something done by real processes, and what its origin is. */
export interface Scenario {
  readonly name: string;
  /** Programs of packages that need not be there. */
  readonly needs?: readonly string[];
  /** Does it, up to the payload. */
  run(stage: Stage): Promise<void>;
  /** Steps of the chain from its root to what was asked about, in this order; others may stand between them. */
  readonly chain: readonly RegExp[];
  /** Steps that are told somewhere, beside the chain or on it, by "title: explanation". */
  readonly beside?: readonly RegExp[];
  /** Steps that must not be on the chain, although they were there. */
  readonly never?: readonly RegExp[];
  /** Where the chain ends; the runner of the tests above the first step, when not told. */
  readonly root?: RegExp;
}

/** What a scenario acts on: a folder and a port of its own, and a payload whose connection is asked about. */
export class Stage {
  readonly world: World;
  readonly folder: string;
  readonly name: string;
  readonly port: number;
  readonly #started: ChildProcess[] = [];

  constructor(world: World, scenario: Scenario, index: number) {
    this.world = world;
    this.name = scenario.name.replace(/\W+/gu, "-");
    this.folder = join(world.folder, this.name);
    this.port = 9000 + 10 * index;
    mkdirSync(this.folder);
  }

  get actors(): string {
    return this.world.actors;
  }

  /** The address nothing but the payload goes to. */
  get url(): string {
    return `http://127.0.0.1:${HUB}/${this.name}`;
  }

  /** The command whose connection is asked about. */
  get payload(): string {
    return `curl -s ${this.url}`;
  }

  /** Where the hub serves a file of this stage. */
  served(name: string): string {
    return `http://127.0.0.1:${HUB}/file${this.path(name)}`;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A file that is there before anything happens. */
  file(name: string, content: string, mode = 0o644): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
    return path;
  }

  /** Starts something that stays. */
  start(command: string, ...args: string[]): ChildProcess {
    const child = this.world.spawn(command, args, this.folder);
    this.#started.push(child);
    return child;
  }

  /** Runs a program to its end. */
  async program(command: string, ...args: string[]): Promise<void> {
    const child = this.world.spawn(command, args, this.folder);
    child.stdin?.end();
    let said = "";
    child.stderr?.on("data", (text) => {
      said += text;
    });
    const [status] = await once(child, "exit");
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${said}`);
  }

  /** Runs a shell script to its end; it is called by its first words. */
  shell(script: string): Promise<void> {
    return this.program("sh", "-ec", script);
  }

  /** The payload's connection, once it is over. */
  async target(): Promise<Subject> {
    const id = await this.world.until(`the payload of ${this.name}`, () => this.world.ended(HUB, ` -s ${this.url}`));
    return { kind: "connection", id };
  }

  end(): void {
    for (const child of this.#started) child.stdin?.end();
  }
}

/** The chain itself, root first, without what stands beside it. */
export function mainChain(origin: OriginChain): readonly OriginStep[] {
  const chain: OriginStep[] = [];
  for (let at = origin.steps.findIndex((step) => step.target); at >= 0; at = origin.steps[at]?.cause ?? -1)
    chain.unshift(origin.steps[at] as OriginStep);
  return chain;
}

/** What is wrong with the origin of a scenario's payload; empty when it is right. */
export function judge(world: World, scenario: Scenario, target: Subject): readonly string[] {
  const origin = originOf(world.monitor, target, { whole: true });
  const chain = mainChain(origin);
  const wrong: string[] = [];
  let from = 0;
  for (const pattern of scenario.chain) {
    const at = chain.findIndex(({ title }, index) => index >= from && pattern.test(title));
    if (at < 0) wrong.push(`not on the chain, or not there: ${pattern}`);
    else from = at + 1;
  }
  for (const pattern of scenario.beside ?? [])
    if (!origin.steps.some(({ title, explanation }) => pattern.test(`${title}: ${explanation}`)))
      wrong.push(`not told: ${pattern}`);
  for (const pattern of scenario.never ?? [])
    if (chain.some(({ title }) => pattern.test(title))) wrong.push(`on the chain: ${pattern}`);
  wrong.push(...strangers(chain, scenario), ...backward(origin));
  const first = chain[0];
  if (scenario.root !== undefined && !scenario.root.test(`${first?.title}: ${first?.explanation}`))
    wrong.push(`begins with ${first?.title}: ${first?.explanation}`);
  return wrong.length === 0 ? [] : [...wrong, textOf(origin)];
}

/** Above the first step that is expected stand only those that started it, down from the runner of the tests. */
function strangers(chain: readonly OriginStep[], { chain: [first], root }: Scenario): readonly string[] {
  const at = chain.findIndex(({ title }) => first?.test(title));
  const above = chain.slice(0, Math.max(at, 0));
  if (root !== undefined) return [];
  return above
    .slice(1)
    .concat(chain[at] ?? [])
    .filter(({ link }) => link !== "spawned" && link !== "boundary" && link !== "login")
    .map(({ title, link }) => `${title} is ${link} from outside the scenario`);
}

function backward({ steps }: OriginChain): readonly string[] {
  return steps
    .filter(({ cause, atNs }) => (steps[cause]?.atNs ?? Number.NEGATIVE_INFINITY) > atNs)
    .map(({ title }) => `earlier than its cause: ${title}`);
}

/** Whether the impact of the step that is expected first leads to the payload. */
export function leadsThere(world: World, scenario: Scenario, target: Subject): boolean {
  const chain = mainChain(originOf(world.monitor, target, { whole: true }));
  const first = chain.find(({ title }) => scenario.chain[0]?.test(title));
  if (first === undefined) return false;
  const { steps } = impactOf(world.monitor, first.subject, { whole: true });
  return steps.some(({ subject }) => subject.kind === target.kind && subject.id === target.id);
}

const LONGEST_LINE = 200;

/** A chain as text, one step a line: for messages of failed assertions. */
export function textOf(chain: OriginChain): string {
  const steps = chain.steps.map(
    (step) => `${"  ".repeat(step.depth)}${step.link}: ${step.title} -- ${step.explanation} [${step.certainty}]`,
  );
  return [chain.title, chain.rootCause, ...steps, ...chain.gaps.map((gap) => `gap: ${gap}`)]
    .map((line) => line.slice(0, LONGEST_LINE))
    .join("\n");
}
