// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

struct bpf_object;

namespace spy {

// A value of an enum that is added to them: bpf/lib/settings.h.
struct Setting {
  const char* name;
  int32_t value;
};

// While it lives, what this thread loads finds of the kernel's types those that an object asks for, under their own numbers, and
// none of modules: libbpf would copy all of them twice and go through them once for each of ours.
class OnlyTypesOf {
 public:
  OnlyTypesOf(const bpf_object* object, std::span<const Setting> settings);
  ~OnlyTypesOf();
  OnlyTypesOf(const OnlyTypesOf&) = delete;
  OnlyTypesOf& operator=(const OnlyTypesOf&) = delete;
};

}  // namespace spy
