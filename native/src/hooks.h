// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace spy {

// A system call whose exit leads to a program.
struct Syscall {
  const char* program;
  int number;
};

// A hook and the programs it needs. `lost` says in words what is missing without it.
struct Hook {
  const char* hook;
  std::span<const char* const> programs;
  const char* lost;
};

// What a user gets, by the best hook there is; `base` is what it runs on where that one does not load, if anything.
struct FeatureSpec {
  const char* name;
  const char* hook;
  std::span<const char* const> programs;
  const char* lost;
  const Hook* base = nullptr;
};

// What a heartbeat calls: next to nobody else does, it is in the vDSO.
extern const int kBeatCall;

std::span<const FeatureSpec> features();
std::span<const Syscall> syscall_table();
// The same for 32-bit programs on a 64-bit kernel.
std::span<const Syscall> compat_syscall_table();

}  // namespace spy
