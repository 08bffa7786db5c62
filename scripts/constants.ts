// The constants that src/ keeps in objects, as the numbers they are: V8 fetches what another module exports anew each time it
// is named, and so it does in a bundle, and looks at what it is: an eighth of what an event costs.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const OBJECT = /^(?:export )?const ([A-Z][A-Z0-9_]*) = (\{[^{}]*\}) as const;/gm;
const NUMBER = /(\w+): (-?\d\w*)(?=\s*[,}])/g;
const IMPORT = /^import \{([^}]*)\} from "(\.[^"]*)";/gm;
/** Not the type of one, and nothing that is written to or called. */
const USE = /(?<!typeof )(?<![\w$.#])([A-Z][A-Z0-9_]*)\.(\w+)\b(?!\s*(?:=[^=]|\())/g;

/** Path of a module -> name of an object -> its numbers by key, as they are written. */
const known = new Map<string, Constants>();

type Constants = Map<string, Map<string, string>>;

function constantsIn(source: string): Constants {
  const objects = source.replace(COMMENT, "").matchAll(OBJECT);
  return new Map(
    Array.from(objects, ([, name = "", body = ""]) => [
      name,
      new Map(Array.from(body.matchAll(NUMBER), ([, key = "", value = ""]) => [key, value])),
    ]),
  );
}

function constantsOf(path: string): Constants {
  let constants = known.get(path);
  if (constants === undefined) known.set(path, (constants = constantsIn(readFileSync(path, "utf8"))));
  return constants;
}

/** The source of a TypeScript module with the constants it names, its own and those it imports, as numbers. */
export function withConstants(source: string, path: string): string {
  const named = constantsIn(source);
  for (const [, names = "", from = ""] of source.matchAll(IMPORT)) {
    const constants = constantsOf(resolve(dirname(path), from));
    for (const name of names.split(",").map((one) => one.trim())) {
      const numbers = constants.get(name);
      if (numbers !== undefined) named.set(name, numbers);
    }
  }
  return source.replace(USE, (use, name: string, key: string) => {
    const value = named.get(name)?.get(key);
    return value === undefined ? use : `(${value})`;
  });
}
