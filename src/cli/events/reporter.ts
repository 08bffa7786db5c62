/** Of the machine events come from, and of the program that tells. */
export interface Reporter {
  /** "" when a file does not tell. */
  readonly hostname: string;
  readonly version: string;
}
