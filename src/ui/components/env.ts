import type { Names } from "../ports.ts";
import type { Theme } from "../theme/theme.ts";

/** What every screen needs beside its rows. Never changes while the program runs. */
export interface Env {
  readonly theme: Theme;
  readonly names: Names;
  readonly hostname: string;
}
