// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace spy {

struct NetNamespace {
  uint32_t inum = 0;
  std::string at;        // the folder with its tables; or where it is mounted
  bool mounted = false;  // no process is known to be in it
};

// 0 when it cannot be told.
uint32_t net_namespace_of(uint32_t tgid);
// Adds those that are mounted and not there yet.
void add_mounted(std::map<uint32_t, NetNamespace>& places);
// Calls read with a folder that holds the tables of a namespace; does not when it cannot be reached.
void visit(const NetNamespace& place, const std::function<void(const std::string&)>& read);

}  // namespace spy
