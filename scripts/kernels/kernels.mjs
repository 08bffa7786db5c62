// Which kernels are booted, and what each is known to lack.

/**
 * `series`: prefix of the Debian version, or "newest" (highest without a pre-release) or "preview" (highest of all).
 * `lacks`: features that need a newer kernel; a missing feature that is not named here is a failure.
 */
export const kernels = [
  { name: "5.10", arch: "x86_64", series: "5.10.", lacks: ["io_uring results"] },
  { name: "6.1", arch: "x86_64", series: "6.1.", lacks: [] },
  { name: "6.12", arch: "x86_64", series: "6.12.", lacks: [] },
  { name: "newest", arch: "x86_64", series: "newest", lacks: [] },
  { name: "preview", arch: "x86_64", series: "preview", lacks: [] },
  { name: "6.1-arm64", arch: "aarch64", series: "6.1.", lacks: [] },
  { name: "6.12-arm64", arch: "aarch64", series: "6.12.", lacks: [] },
];

/** Suites that carry them; the older ones leave the mirrors one day, and their row then says so. */
export const suites = {
  main: ["bullseye", "bookworm", "bookworm-backports", "trixie", "sid", "experimental"],
  security: ["bullseye-security", "bookworm-security", "trixie-security"],
};

/** Debian's word for an architecture. */
export const debianArch = { x86_64: "amd64", aarch64: "arm64" };
