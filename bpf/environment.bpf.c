/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Of the environment only the variables that make a program load or run other code, or say who asked for it, leave the
 * kernel: what else is there may be secret.
 */
#include "lib/environment.h"

#define MAX_VARIABLES 256
#define VARIABLE_BYTES 512

#define NAME(a, b, c, d, e, f, g, h)                                                                   \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |        \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/* The first eight bytes of a variable; 0 = any. */
static const __u64 names[] = {
	NAME('L', 'D', '_', 'P', 'R', 'E', 'L', 'O'), /* LD_PRELOAD */
	NAME('L', 'D', '_', 'A', 'U', 'D', 'I', 'T'),
	NAME('L', 'D', '_', 'L', 'I', 'B', 'R', 'A'), /* LD_LIBRARY_PATH */
	NAME('G', 'C', 'O', 'N', 'V', '_', 'P', 'A'), /* GCONV_PATH */
	NAME('B', 'A', 'S', 'H', '_', 'E', 'N', 'V'),
	NAME('P', 'R', 'O', 'M', 'P', 'T', '_', 'C'), /* PROMPT_COMMAND */
	NAME('P', 'Y', 'T', 'H', 'O', 'N', 'P', 'A'), /* PYTHONPATH */
	NAME('P', 'Y', 'T', 'H', 'O', 'N', 'S', 'T'), /* PYTHONSTARTUP */
	NAME('P', 'Y', 'T', 'H', 'O', 'N', 'H', 'O'), /* PYTHONHOME */
	NAME('P', 'E', 'R', 'L', '5', 'L', 'I', 'B'),
	NAME('P', 'E', 'R', 'L', '5', 'O', 'P', 'T'),
	NAME('R', 'U', 'B', 'Y', 'L', 'I', 'B', '='),
	NAME('R', 'U', 'B', 'Y', 'O', 'P', 'T', '='),
	NAME('N', 'O', 'D', 'E', '_', 'O', 'P', 'T'), /* NODE_OPTIONS */
	NAME('N', 'O', 'D', 'E', '_', 'P', 'A', 'T'), /* NODE_PATH */
	NAME('J', 'A', 'V', 'A', '_', 'T', 'O', 'O'), /* JAVA_TOOL_OPTIONS */
	NAME('_', 'J', 'A', 'V', 'A', '_', 'O', 'P'), /* _JAVA_OPTIONS */
	NAME('J', 'D', 'K', '_', 'J', 'A', 'V', 'A'), /* JDK_JAVA_OPTIONS */
	NAME('C', 'L', 'A', 'S', 'S', 'P', 'A', 'T'), /* CLASSPATH */
	NAME('G', 'I', 'T', '_', 'S', 'S', 'H', 0),   /* GIT_SSH, GIT_SSH_COMMAND */
	NAME('S', 'S', 'H', '_', 'C', 'O', 'N', 'N'), /* SSH_CONNECTION */
	NAME('S', 'S', 'H', '_', 'O', 'R', 'I', 'G'), /* SSH_ORIGINAL_COMMAND */
	NAME('S', 'U', 'D', 'O', '_', 'U', 'S', 'E'), /* SUDO_USER */
	NAME('H', 'I', 'S', 'T', 'F', 'I', 'L', 'E'),
};

/* Without a jump for each name: the verifier follows every way through jumps. */
static __always_inline bool is_chosen(__u64 word)
{
	__u64 found = 0;

#pragma unroll
	for (__u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		__u64 mask = names[i] >> 56 ? ~0ull : ~0ull >> 8;
		__u64 other = (word & mask) ^ names[i];

		found |= ~(other | -other) >> 63;
	}
	return found;
}

struct variables {
	__u32 at, bytes; /* of the chunk */
	__u32 inside;    /* what follows belongs to a variable that was longer than is kept */
	__u32 chosen;    /* which was one of those */
};

/* Between the steps of variable_step. Value of a space: no two share one. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SPACE_SNAPSHOT + 1);
	__type(key, __u32);
	__type(value, struct variables);
} variables_left SEC(".maps");

/* One variable, or a part of a long one; true = the end was reached. */
static __always_inline bool next_variable(struct scratch *s, struct variables *v)
{
	__u64 len = s->len, at = BOUND(v->at, SCRATCH_SLACK - 1);
	__u32 bytes = v->bytes;
	__u8 *to;
	long n;

	if (at >= bytes || len >= SCRATCH_BYTES - VARIABLE_BYTES)
		return true;
	to = &s->buf[BOUND(len, SCRATCH_MASK)];
	n = bpf_probe_read_kernel_str(to, VARIABLE_BYTES, &s->buf[SCRATCH_BYTES] + at);
	if (n <= 0 || at + n > bytes)
		return true;
	if (!v->inside && is_chosen(*(__u64 *)to)) {
		s->len = len + (n & (2 * VARIABLE_BYTES - 1));
		v->chosen = true;
	}
	if (n == VARIABLE_BYTES && s->buf[SCRATCH_BYTES + BOUND(at + n - 1, SCRATCH_SLACK - 1)]) {
		v->inside = true;
		v->at = at + n - 1;
		if (v->chosen)
			mark_cut(s, ENV_SLOT);
	} else {
		v->inside = v->chosen = false;
		v->at = at + n;
	}
	return false;
}

/* A step for kernels that would verify the body of a loop as often as it runs; not zero = the end. */
__u32 variable_step(__u32 space)
{
	struct variables *v = bpf_map_lookup_elem(&variables_left, &space);
	struct scratch *s = scratch_of(space);

	return !v || !s || next_variable(s, v);
}

/*
 * Appends those of the NUL-terminated variables in the slack of the scratch that are chosen. Returns the bytes that are done with,
 * and ENV_INSIDE when they end within a variable; what follows then is the rest of it, and to be passed with that bit.
 */
__u32 append_variables(__u32 bytes, __u32 space)
{
	struct scratch *s = scratch_of(space);
	struct variables v = { .inside = !!(bytes & ENV_INSIDE), .bytes = bytes & ENV_CHUNK_BYTES }, *kept;
	int i;

	if (!s)
		return 0;
	s->buf[SCRATCH_BYTES + BOUND(v.bytes, SCRATCH_SLACK - 1)] = 0;
	if (CAN_LOOP) {
		bpf_for(i, 0, MAX_VARIABLES)
			if (next_variable(s, &v))
				break;
	} else {
		kept = bpf_map_lookup_elem(&variables_left, &space);
		if (!kept)
			return 0;
		*kept = v;
		for (i = 0; i < MAX_VARIABLES / 4; i++)
			if (variable_step(space))
				break;
		v = *kept;
	}
	return v.at | (v.inside ? ENV_INSIDE : 0);
}
