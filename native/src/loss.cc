// SPDX-License-Identifier: MIT
// What was not delivered: dropped for want of room in a ring, or left out because its process had its share of one.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>

#include "session.h"

namespace spy {

namespace {

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

void Session::enqueue_losses() {
  Stats now = stats();
  for (uint32_t kind = 0; kind < SPY_KIND_MAX; kind++) {
    uint64_t lost = now.kinds[kind].dropped - reported_loss_[kind];
    if (!lost) continue;
    reported_loss_[kind] = now.kinds[kind].dropped;
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
  std::vector<ThrottledKey> keys;
  ThrottledKey key;
  for (const void* from = nullptr; !bpf_map_get_next_key(map, from, &key); from = &keys.back()) keys.push_back(key);
  for (const ThrottledKey& k : keys) {
    uint64_t count = 0;
    if (bpf_map_lookup_elem(map, &k, &count)) continue;
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
