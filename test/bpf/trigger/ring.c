/* SPDX-License-Identifier: MIT */
/* Reading records that are meant for another process, and taking entries out of its maps. */
#include <linux/bpf.h>
#include <sys/mman.h>

#include "trigger.h"

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* argv: id of a ring buffer, its size. Says all that is in it has been read. */
static void take_ring(int argc, char **argv)
{
	union bpf_attr attr = {.map_id = atoi(argv[0])};
	long page = sysconf(_SC_PAGESIZE), *consumer, *producer;
	int map = MUST(bpf(BPF_MAP_GET_FD_BY_ID, &attr));

	(void)argc;
	consumer = (long *)MUST(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0));
	producer = (long *)MUST(mmap(NULL, page, PROT_READ, MAP_SHARED, map, page));
	facts("taken", *producer - *consumer, NULL);
	__atomic_store_n(consumer, *producer, __ATOMIC_RELEASE);
}

/* argv: id of a map, a key */
static void delete_entry(int argc, char **argv)
{
	union bpf_attr attr = {.map_id = atoi(argv[0])};
	int key = atoi(argv[1]), map = MUST(bpf(BPF_MAP_GET_FD_BY_ID, &attr));

	(void)argc;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (unsigned long)&key;
	facts("deleted", bpf(BPF_MAP_DELETE_ELEM, &attr) ? -errno : 0, NULL);
}

const struct scenario ring_scenarios[] = {{"take-ring", take_ring}, {"delete-entry", delete_entry}, {}};
