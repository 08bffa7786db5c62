/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is known before loading and asked at every call. The loader adds it to the kernel's types (native/src/kernel_types.cc), as
 * values of an enum, which become part of the instructions: read-only data is a page more, and after each entry into the kernel
 * none may be in the TLB. Where it was not added, it is read from there.
 */
#ifndef SPY_SETTINGS_H
#define SPY_SETTINGS_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

enum spy_setting {
	SPY_SELF_TGID,
	SPY_PREEMPTIBLE,
	SPY_CROWDED_BYTES,
};

#define SETTING(name, otherwise)                                                                       \
	(bpf_core_enum_value_exists(enum spy_setting, name) ? bpf_core_enum_value(enum spy_setting, name) : (otherwise))

#endif
