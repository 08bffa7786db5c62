/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef SPY_ENVIRONMENT_H
#define SPY_ENVIRONMENT_H

#include "strings.h"

#define ENV_SLOT 6
/* The most that is looked at: what is left over marks the slot. */
#define ENV_CHUNKS 4
#define ENV_CHUNK_BYTES (SCRATCH_SLACK - 1)
#define ENV_INSIDE (1u << 31)

/* environment.bpf.c */
extern __u32 append_variables(__u32 bytes, __u32 space);

/*
 * Appends the chosen variables between two addresses of user memory, read by read(to, bytes, from), an expression that is 0 when
 * it could. The value for the slot.
 */
#define APPEND_ENVIRONMENT(s, first, end, read)                                                        \
	({                                                                                             \
		__u64 __from = (first), __end = (end);                                                 \
		__u32 __begin = (s)->len, __done = 0;                                                  \
                                                                                                       \
		if (__begin < SCRATCH_BYTES)                                                           \
			for (int __i = 0; __i < ENV_CHUNKS && __from < __end; __i++) {                 \
				__u64 __n = __end - __from;                                            \
                                                                                                       \
				if (__n > ENV_CHUNK_BYTES)                                             \
					__n = ENV_CHUNK_BYTES;                                         \
				__n = BOUND(__n, SCRATCH_SLACK - 1);                                   \
				if (read(&(s)->buf[SCRATCH_BYTES], __n, (void *)__from))               \
					break;                                                         \
				__done = append_variables(__n | (__done & ENV_INSIDE), (s)->space);    \
				if (!(__done & ENV_CHUNK_BYTES))                                       \
					break;                                                         \
				__from += __done & ENV_CHUNK_BYTES;                                    \
			}                                                                              \
		if (__from < __end)                                                                    \
			mark_cut(s, ENV_SLOT);                                                         \
		(s)->len > __begin ? SPY_STR_RAW | ((s)->len - __begin) : 0;                           \
	})

#endif
