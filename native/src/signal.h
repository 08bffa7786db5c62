// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace spy {

// Sends a signal to exactly the process that began start_ns after boot, never to a later one with its pid: the
// process is pinned by a pidfd before its start is compared. Returns 0 or an errno; ESRCH = that process is gone.
int signal_process(int32_t pid, uint64_t start_ns, int signal);

}  // namespace spy
