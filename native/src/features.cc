// SPDX-License-Identifier: MIT
// What a user gets here: each feature by the best hook that works, and what is lost without it.
#include <bpf/libbpf.h>

#include <cstring>

#include "session.h"

namespace spy {

bool by_table(const bpf_program* p) {
  return p && !std::strcmp(bpf_program__section_name(p), "tp_btf/sys_exit") && std::strncmp(bpf_program__name(p), "on_syscall", 10);
}

// Nothing, or why a program does not work.
Trouble Session::trouble(const char* name) const {
  if (auto broken = broken_.find(name); broken != broken_.end()) return broken->second;
  if (!loaded(name)) return {"not loaded"};
  return by_table(program(name)) ? trouble("on_syscall") : Trouble{};
}

std::vector<FeatureState> Session::features() const {
  std::vector<FeatureState> states;
  auto first_trouble = [this](std::span<const char* const> programs) {
    for (const char* name : programs)
      if (Trouble t = trouble(name); !t.why.empty()) return t;
    return Trouble{};
  };
  for (const FeatureSpec& f : spy::features()) {
    FeatureState state{f.name, f.hook, f.lost, first_trouble(f.programs)};
    state.ok = state.trouble.why.empty();
    for (const char* name : f.programs) state.detached |= lost_.contains(name) || (by_table(program(name)) && lost_.contains("on_syscall"));
    if (!state.ok && f.base) {
      if (first_trouble(f.base->programs).why.empty()) {
        state.ok = state.on_base = true;
        state.hook = f.base->hook;
      } else {
        state.lost = f.base->lost;
        for (const char* name : f.base->programs) state.detached |= lost_.contains(name);
      }
    }
    states.push_back(state);
  }
  if (!ring_lost_.empty()) states.push_back({"records", "ring buffers", "what the other reader took", {ring_lost_}, false, false, true});
  return states;
}

}  // namespace spy
