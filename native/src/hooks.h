// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace spy {

// A system call whose exit leads to a program; -1 where this architecture has no such call.
struct Syscall {
  const char* program;
  int number;
};

// What a user gets, and the programs it needs. `lost` says in words what is missing without it.
struct FeatureSpec {
  const char* name;
  const char* hook;
  std::span<const char* const> programs;
  const char* lost;
};

std::span<const FeatureSpec> features();
std::span<const Syscall> syscall_table();

}  // namespace spy
