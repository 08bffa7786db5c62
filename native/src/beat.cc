// SPDX-License-Identifier: MIT
// Notices when hooks are taken away or a ring is read behind our back: checked at every refresh, said as a lost feature.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks.h"
#include "session.h"

namespace spy {

namespace {

constexpr const char* kDetached = "detached behind our back";

// 0 when the descriptor is no link any more.
uint32_t link_id(const bpf_link* link) {
  bpf_link_info info = {};
  uint32_t length = sizeof(info);
  return bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &length) ? 0 : info.id;
}

}  // namespace

void Session::keep_link(const std::string& program, bpf_link* link) { links_.push_back({program, link, link_id(link)}); }

void Session::take_pulse() {
  for (auto it = links_.begin(); it != links_.end();) {
    if (link_id(it->link) == it->id) {
      ++it;
      continue;
    }
    lose(it->program, kDetached);
    iterators_.erase(it->program);
    // Its descriptor is gone or someone else's by now: nothing to release.
    it = links_.erase(it);
  }
  check_beat();
  for (Ring* ring : {&lifecycle_, &activity_})
    if (ring->taken_over()) ring_lost_ = "another process reads the records meant for this one";
}

// One system call of our own must be counted.
void Session::check_beat() {
  int map = bpf_object__find_map_fd_by_name(object_, "beats");
  auto beats = [map] {
    uint32_t zero = 0;
    uint64_t n = 0;
    bpf_map_lookup_elem(map, &zero, &n);
    return n;
  };
  if (!loaded("on_beat") || broken_.contains("on_syscall")) return;
  uint64_t before = beats();
  syscall(kBeatCall, nullptr, nullptr, nullptr);
  bool seen = beats() != before;
  // A run may be skipped while another is on that processor: twice in a row is no accident.
  if (!seen && missed_beat_) lose("on_syscall", "a system call of our own passed unseen");
  missed_beat_ = !seen;
}

void Session::lose(const std::string& program, const std::string& why) {
  broken_[program] = {why};
  lost_.insert(program);
}

}  // namespace spy
