/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two ways to read kernel memory. Since 6.2 (a35b9af4ec2c) bpf_rdonly_cast gives a typed pointer, and a field is
 * one load instruction; before, every field is a helper call. Functions on a hot path take `direct`, a constant,
 * and are instantiated for both; the verifier drops the one this kernel does not use.
 */
#ifndef SPY_READ_H
#define SPY_READ_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Since 6.4 (06accc8779c1) the body of such a loop is verified once, not for every step. */
#define CAN_LOOP bpf_ksym_exists(bpf_iter_num_next)
#define CAN_CAST bpf_ksym_exists(bpf_rdonly_cast)
#define CAST(type, pointer) bpf_core_cast(pointer, type)
/*
 * The running task as a cast pointer: for every pointer read through bpf_get_current_task_btf's trusted one the
 * verifier searches all of the kernel's BTF by name, a third of the time to load.
 */
#define cast_current() CAST(struct task_struct, (void *)bpf_get_current_task())
/* Memory without a type is read as a struct of two words: only structs can be cast to. What is read is a number. */
#define WORDS(address) CAST(struct timespec64, (void *)(address))
#define WORD_OF(pointer, type, field) ((__u64)WORDS((void *)(pointer) + bpf_core_field_offset(type, field))->tv_sec)
#define GET(pointer, field) (direct ? (pointer)->field : BPF_CORE_READ(pointer, field))

#endif
