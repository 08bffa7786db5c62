// SPDX-License-Identifier: MIT
// What was not delivered: dropped for want of room in a ring, or left out because its process had its share of one.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "session.h"

namespace spy {

namespace {

constexpr uint32_t kThrottled = 4096;  // bpf/lib/submit.h: all that the map holds

spy_loss loss(uint16_t kind, uint32_t of, uint64_t lost) {
  spy_loss r = {};
  r.h.kind = kind;
  r.h.size = sizeof(r);
  r.h.time = boot_time_ns();
  r.lost = lost;
  r.kind = of;
  return r;
}

}  // namespace

// What the programs counted on all CPUs.
void Session::read_counters(KindStats (&kinds)[SPY_KIND_MAX]) const {
  struct Counter {
    uint64_t produced, dropped;
  };
  int map = bpf_object__find_map_fd_by_name(object_, "counters");
  size_t cpus = static_cast<size_t>(libbpf_num_possible_cpus());
  std::vector<Counter> counters(cpus * SPY_KIND_MAX);
  uint32_t keys[SPY_KIND_MAX], at = 0, count = SPY_KIND_MAX;
  // f008d732ab18 (5.13) reads them in one call; before that it is one for each kind.
  if (bpf_map_lookup_batch(map, nullptr, &at, keys, counters.data(), &count, nullptr) && errno != ENOENT)
    for (uint32_t kind = 0; kind < SPY_KIND_MAX; kind++) bpf_map_lookup_elem(map, &kind, &counters[kind * cpus]);
  for (size_t i = 0; i < counters.size(); i++) {
    kinds[i / cpus].produced += counters[i].produced;
    kinds[i / cpus].dropped += counters[i].dropped;
  }
}

void Session::enqueue_losses() {
  KindStats now[SPY_KIND_MAX] = {};
  read_counters(now);
  for (uint32_t kind = 0; kind < SPY_KIND_MAX; kind++) {
    uint64_t lost = now[kind].dropped - reported_loss_[kind];
    if (!lost) continue;
    reported_loss_[kind] = now[kind].dropped;
    if (kind == SPY_KIND_CLOSE) close_lost_ns_ = boot_time_ns();
    spy_loss r = loss(SPY_KIND_LOSS, kind, lost);
    r.h.flags = SPY_FLAG_NO_OWNER;
    enqueue(bytes_of(r));
  }
}

// Entries of no process take what comes when the map is full.
void Session::prepare_throttled() {
  int map = bpf_object__find_map_fd_by_name(object_, "throttled");
  for (uint32_t kind = 0; kind < SPY_KIND_MAX; kind++) {
    ThrottledKey key = {0, 0, kind};
    uint64_t none = 0;
    bpf_map_update_elem(map, &key, &none, BPF_ANY);
  }
}

void Session::enqueue_throttled() {
  int map = bpf_object__find_map_fd_by_name(object_, "throttled");
  auto keys = std::make_unique_for_overwrite<ThrottledKey[]>(kThrottled);
  auto counts = std::make_unique_for_overwrite<uint64_t[]>(kThrottled);
  uint32_t at = 0, found = kThrottled;
  if (bpf_map_lookup_batch(map, nullptr, &at, keys.get(), counts.get(), &found, nullptr) && errno != ENOENT) return;
  for (uint32_t i = 0; i < found; i++) {
    const ThrottledKey& k = keys[i];
    uint64_t count = counts[i];
    uint64_t& told = throttled_[k];
    if (uint64_t more = count - told) {
      told = count;
      throttled_kinds_[k.kind] += more;
      spy_loss r = loss(SPY_KIND_THROTTLED, k.kind, more);
      r.h.start = k.start;
      r.h.tgid = r.h.tid = k.tgid;
      r.h.flags = k.tgid ? 0 : SPY_FLAG_NO_OWNER;
      enqueue(bytes_of(r));
    } else if (k.tgid && activity_.used() < activity_.size() / 4) {
      // Nothing since the last refresh and room again: no one is about to add to it.
      bpf_map_delete_elem(map, &k);
      throttled_.erase(k);
    }
  }
}

}  // namespace spy
