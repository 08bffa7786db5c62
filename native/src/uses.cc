// SPDX-License-Identifier: MIT
// How much each process read from and wrote to each file: totals the kernel adds up in a map, told when they grew.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <cerrno>
#include <memory>

#include "session.h"

namespace spy {

namespace {

// A pass over a full map takes tens of milliseconds: it is made so seldom that it takes this part of the time.
constexpr uint64_t kPart = 100;

constexpr uint32_t kAtOnce = 4096;  // more than any bucket holds

// bpf/lib/use.h: struct use
struct Use {
  uint64_t start, bytes, first;
};

}  // namespace

void Session::refresh_uses(uint64_t refresh_ns) {
  uint64_t began_ns = boot_time_ns();
  if (began_ns < next_uses_ns_) return;
  int map = bpf_object__find_map_fd_by_name(object_, "uses");
  auto keys = std::make_unique<std::array<UseKey, kAtOnce>>();
  auto uses = std::make_unique<std::array<Use, kAtOnce>>();
  std::vector<UseKey> dead;
  uint32_t at = 0;
  for (bool first = true, last = false; !last; first = false) {
    uint32_t count = kAtOnce;
    last = bpf_map_lookup_batch(map, first ? nullptr : &at, &at, keys->data(), uses->data(), &count, nullptr) != 0;
    if (last && errno != ENOENT) return;
    for (uint32_t i = 0; i < count; i++) {
      const UseKey& key = (*keys)[i];
      const Use& use = (*uses)[i];
      auto process = usage_.find(key.tgid);
      bool ended = use.start < refresh_ns && (process == usage_.end() || process->second.sum.h.start != use.start);
      if (use.bytes != use.first) enqueue_bytes(key, use.start, use.first, use.bytes);
      if (!ended || !iterators_.contains("refresh_tasks")) continue;
      dead.push_back(key);
    }
  }
  for (const UseKey& key : dead) told_bytes_.erase(key);
  uint32_t count = static_cast<uint32_t>(dead.size());
  if (count) bpf_map_delete_batch(map, dead.data(), &count, nullptr);
  // What the kernel put out to make room.
  std::erase_if(told_bytes_, [this](const auto& told) { return told.second.generation != generation_; });
  uint64_t now_ns = boot_time_ns();
  next_uses_ns_ = now_ns + (now_ns - began_ns) * kPart;
}

void Session::enqueue_bytes(const UseKey& key, uint64_t start, uint64_t first, uint64_t bytes) {
  ToldBytes& told = told_bytes_[key];
  uint64_t before = told.start == start ? told.bytes : first;
  told = {start, bytes, generation_};
  if (bytes == before) return;
  spy_bytes r = {};
  r.h.kind = SPY_KIND_BYTES;
  r.h.size = sizeof(r);
  r.h.time = boot_time_ns();
  r.h.start = start;
  r.h.tgid = r.h.tid = key.tgid;
  r.ino = key.ino;
  r.bytes = bytes;
  r.dev = key.dev;
  r.gen = key.gen;
  r.write = key.write;
  enqueue(bytes_of(r));
}

}  // namespace spy
