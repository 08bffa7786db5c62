/** Type bits of the mode of an inode, as in stat(2). */
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;

/** A device as the kernel has it inside (MKDEV), not as stat(2) gives it. */
const MINOR_BITS = 20;

export const majorOf = (dev: number): number => dev >>> MINOR_BITS;
export const minorOf = (dev: number): number => dev & ((1 << MINOR_BITS) - 1);
