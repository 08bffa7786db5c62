// SPDX-License-Identifier: MIT
// A scene is a child process that makes real system calls, and a check of the rows they gave.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include "rows.h"

// What a child tells the check, in memory both share.
struct Facts {
  uint32_t pid;
  uint64_t number[24];
  char failure[256];
  char skipped[256];  // forms this kernel or machine does not have
};

// Collects what was expected and not there.
class Check {
 public:
  void that(bool holds, const char* what) {
    if (holds) return;
    if (!missing_.empty()) missing_ += ", ";
    missing_ += what;
  }
  // Something the reader of the table should know.
  void note(const std::string& text) { note_ = text; }
  const std::string& missing() const { return missing_; }
  const std::string& note() const { return note_; }

 private:
  std::string missing_, note_;
};

struct Scene {
  const char* name;
  const char* feature;  // of Session::features(); without it the scene is not expected to pass
  void (*act)(Facts& facts);
  void (*check)(const Capture& capture, const Facts& facts, Check& check);
};

std::span<const Scene> process_scenes();
std::span<const Scene> file_scenes();
std::span<const Scene> overlay_scenes();
std::span<const Scene> race_scenes();
std::span<const Scene> network_scenes();
std::span<const Scene> reach_scenes();

// Ends the child and says why; its scene fails.
[[noreturn]] void give_up(const char* what, int line);
// Notes a form of a call that cannot be tried here.
void skip(const char* what);

#define MUST(call)                                      \
  ({                                                    \
    auto result_ = (call);                              \
    if ((long)result_ == -1) give_up(#call, __LINE__);  \
    result_;                                            \
  })

// Runs a function in a child of this process; its exit status.
int in_child(void (*body)());
// Inode of a descriptor.
uint64_t inode_of(int fd);
