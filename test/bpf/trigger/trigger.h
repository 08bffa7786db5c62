/* SPDX-License-Identifier: MIT */
/* One real system call scenario per name; what it did is printed as JSON objects, one a line. */
#ifndef TRIGGER_H
#define TRIGGER_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct scenario {
	const char *name;
	void (*run)(int argc, char **argv); /* arguments after the scenario's name */
};

extern const struct scenario process_scenarios[], exec_scenarios[], file_scenarios[], place_scenarios[], tcp_scenarios[],
	udp_scenarios[], unix_scenarios[], state_scenarios[], control_scenarios[], evasion_scenarios[],
	ring_scenarios[], uring_scenarios[], message_scenarios[];

/* The value of a system call that must not fail. */
#define MUST(call)                                                                                     \
	({                                                                                             \
		long __ret = (long)(call);                                                             \
		if (__ret == -1) {                                                                     \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, strerror(errno)); \
			exit(99);                                                                      \
		}                                                                                      \
		__ret;                                                                                 \
	})

/* Prints one line; keys and values come in pairs: facts("pid", (long long)getpid(), NULL). */
void facts(const char *key, long long value, ...);
/* Says that the scenario is at its waiting point and waits there for a line, or the end, of stdin. */
void hold(void);
/* Start time of a task in clock ticks, from /proc. */
long long start_ticks(pid_t pid);
/* dev as the kernel encodes it: major << 20 | minor. */
long long kernel_dev(dev_t dev);
/* Waits for a child; its wait status. */
int reap(pid_t pid);

#endif
