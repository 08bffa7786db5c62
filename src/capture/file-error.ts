import { CaptureError } from "./source.ts";

/** Of an errno that names itself behind the message. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "not permitted",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the name is too long",
};

/** Why a file cannot be read, and what to do. */
export function unreadable(path: string, error: unknown): CaptureError {
  const { code = "EIO", message } = error as NodeJS.ErrnoException;
  const hint = code === "EACCES" ? "run as a user who may read it" : "check the path";
  return new CaptureError(`cannot read ${path}: ${WORDS[code] ?? message}`, code, hint);
}
