// SPDX-License-Identifier: MIT
#pragma once

struct bpf_object;

namespace spy {

// While it lives, what this thread loads finds of the kernel's types those that an object asks for, under their own numbers, and
// none of modules: libbpf would copy all of them twice and go through them once for each of ours.
class OnlyTypesOf {
 public:
  explicit OnlyTypesOf(const bpf_object* object);
  ~OnlyTypesOf();
  OnlyTypesOf(const OnlyTypesOf&) = delete;
  OnlyTypesOf& operator=(const OnlyTypesOf&) = delete;
};

}  // namespace spy
