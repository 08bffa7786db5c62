/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs that are attached twice. The kernel skips a program that already runs on the CPU, and since 7.0 (a46023d5616e)
 * a task can be preempted inside one: what other tasks do there meanwhile would be missed. The second program, which is
 * run right after, does the work when the first was skipped: then another task was the last to enter it on this CPU.
 */
#ifndef SPY_TWICE_H
#define SPY_TWICE_H

#include "kernel.h"
#include "settings.h"

enum { TWICE_SYSCALL, TWICE_FORK, TWICE_EXEC, TWICE_EXIT, TWICE_MAX };

/* Since 7.0: tracepoints run with preemption. Before, the second programs are not even loaded. */
const volatile bool preemptible __weak = false;
#define is_preemptible() SETTING(SPY_PREEMPTIBLE, preemptible)

/* Value: the task that entered the first program last, or 0 when it has passed the second. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TWICE_MAX);
	__type(key, __u32);
	__type(value, __u64);
} entered __weak SEC(".maps");

static __always_inline void enter_first(__u32 hook)
{
	__u64 *last = bpf_map_lookup_elem(&entered, &hook);

	if (last)
		*last = bpf_get_current_task();
}

/* While a task is inside the first program, no other can become the last that entered it. */
static __always_inline bool inside_first(__u32 hook)
{
	__u64 *last = bpf_map_lookup_elem(&entered, &hook);

	return last && *last == bpf_get_current_task();
}

/* For the second program, once. A task that is preempted between the two may, rarely, be served twice. */
static __always_inline bool first_was_skipped(__u32 hook)
{
	__u64 *last = bpf_map_lookup_elem(&entered, &hook);

	if (!last || !*last)
		return false;
	if (*last != bpf_get_current_task())
		return true;
	*last = 0;
	return false;
}

#endif
