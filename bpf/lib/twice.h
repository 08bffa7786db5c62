/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Since 7.0 (a46023d5616e) a task can be preempted inside a tracepoint's program, and in the kernel's steps before and after it.
 *
 * The kernel skips a program that already runs on the CPU: what other tasks do there meanwhile would be missed. So what must not be
 * is attached twice. Who gets into the first program leaves a mark; the second, which is run right after, does the work where there
 * is none. What is skipped twice is missed, and the kernel counts that.
 *
 * Nothing skips a program that a tail call leads to, so two tasks of a CPU could be inside one: they would share memory of the CPU,
 * also the program's stack, which the kernel keeps there since 6.13 when it has 64 bytes or more. So the work itself is not
 * preempted, as before 7.0.
 */
#ifndef SPY_TWICE_H
#define SPY_TWICE_H

#include "kernel.h"
#include "settings.h"

enum { TWICE_SYSCALL = 1, TWICE_FORK, TWICE_EXEC, TWICE_EXIT };

/* Since 7.0: tracepoints run with preemption. Before, the second programs are not even loaded. */
const volatile bool preemptible __weak = false;
#define is_preemptible() SETTING(SPY_PREEMPTIBLE, preemptible)

extern void bpf_preempt_disable(void) __weak __ksym;
extern void bpf_preempt_enable(void) __weak __ksym;

/* What `work` gives, during which no other task comes to run on this CPU. */
#define UNDISTURBED(work)                                                                              \
	({                                                                                             \
		int __result;                                                                          \
		if (is_preemptible())                                                                  \
			bpf_preempt_disable();                                                         \
		__result = (work);                                                                     \
		if (is_preemptible())                                                                  \
			bpf_preempt_enable();                                                          \
		__result;                                                                              \
	})

#define MARK_BITS 16

/*
 * By task, which may go on on another CPU between the two programs: it, and which hook it is in. Two tasks may share a place: then what
 * one did may be told twice. A mark that a skipped second program leaves is good for one more skip of the first.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << MARK_BITS);
	__type(key, __u32);
	__type(value, __u64);
} marks __weak SEC(".maps");

static __always_inline __u64 *mark_of(__u64 task)
{
	__u32 place = (task >> 6) * 0x9e3779b97f4a7c15ULL >> (64 - MARK_BITS);

	return bpf_map_lookup_elem(&marks, &place);
}

/* The first program, at its beginning. */
static __always_inline void leave_mark(__u32 hook)
{
	__u64 task = bpf_get_current_task(), *mark = mark_of(task);

	/* Tasks lie further apart than there are hooks. */
	if (mark)
		*mark = task + hook;
}

/* The second program, once. */
static __always_inline bool first_was_skipped(__u32 hook)
{
	__u64 task = bpf_get_current_task(), *mark = mark_of(task);

	if (!mark || *mark != task + hook)
		return true;
	*mark = 0;
	return false;
}

#endif
