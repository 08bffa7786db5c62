// The constants of src/ as the numbers they are: V8 fetches what another module exports anew each time it is named, in a bundle also what a
// module keeps to itself, and looks at what it is: a seventh of what an event costs.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const OBJECT = /^(?:export )?const ([A-Z][A-Z0-9_]*) = (\{[^{}]*\}) as const;/gm;
const ENTRY = /(\w+): (-?\d\w*)(?=\s*[,}])/g;
const SINGLE = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: \w+)? = (-?\d\w*(?: << \d+)?);/gm;
const IMPORT = /^import \{([^}]*)\} from "(\.[^"]*)";/gm;
/** Comments, texts and lists of what is imported or exported, or else a constant: not the type of one, and nothing that is written to or called. */
const PART =
  /\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|^(?:import|export) (?:type )?\{[^}]*\}|(?<!typeof |const |[\w$.#])([A-Z][A-Z0-9_]*)(?:\.(\w+))?\b(?!\s*(?:=[^=]|\())/gm;
const KEY = /[{,]\s*$/;

/** Path of a module -> its numbers as they are written, by name: "KIND.OPEN", "NONE". */
const known = new Map<string, Constants>();

type Constants = ReadonlyMap<string, string>;

function constantsIn(source: string): Constants {
  const code = source.replace(COMMENT, "");
  const found = new Map<string, string>();
  for (const [, name = "", body = ""] of code.matchAll(OBJECT)) {
    for (const [, key = "", value = ""] of body.matchAll(ENTRY)) found.set(`${name}.${key}`, value);
  }
  for (const [, name = "", value = ""] of code.matchAll(SINGLE)) found.set(name, value);
  return found;
}

function constantsOf(path: string): Constants {
  let constants = known.get(path);
  if (constants === undefined) known.set(path, (constants = constantsIn(readFileSync(path, "utf8"))));
  return constants;
}

/** The source of a TypeScript module with the constants it names, its own and those it imports, as numbers. */
export function withConstants(source: string, path: string): string {
  const named = new Map(constantsIn(source));
  for (const [, names = "", from = ""] of source.matchAll(IMPORT)) {
    const imported = names.split(",").map((one) => one.trim());
    for (const [name, value] of constantsOf(resolve(dirname(path), from))) {
      if (imported.includes(name.replace(/\..*/, ""))) named.set(name, value);
    }
  }
  return source.replace(PART, (part: string, name: string | undefined, _key: unknown, at: number) => {
    const value = name === undefined ? undefined : named.get(part);
    if (value === undefined) return part;
    const isKey = /^\s*:/.test(source.slice(at + part.length)) && KEY.test(source.slice(0, at));
    return isKey ? part : `(${value})`;
  });
}
