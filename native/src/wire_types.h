// SPDX-License-Identifier: MIT
#pragma once

#include <linux/types.h>

#include <cstdint>
#include <ctime>

extern "C" {
#include "wire.h"
}

namespace spy {

inline uint64_t clock_ns(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

// ns since boot, the clock of every record.
inline uint64_t boot_time_ns() { return clock_ns(CLOCK_BOOTTIME); }

}  // namespace spy
