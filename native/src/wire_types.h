// SPDX-License-Identifier: MIT
#pragma once

#include <linux/types.h>

#include <cstdint>
#include <cstring>
#include <ctime>
#include <span>

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

template <typename T>
T read_as(std::span<const uint8_t> bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

template <typename T>
std::span<const uint8_t> bytes_of(const T& value) {
  return {reinterpret_cast<const uint8_t*>(&value), sizeof(T)};
}

}  // namespace spy
