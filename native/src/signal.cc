// SPDX-License-Identifier: MIT
#include "signal.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace spy {

namespace {

// Field 22 of /proc/pid/stat, counted behind the name, which may hold anything: clock ticks from boot to start.
bool start_ticks(int32_t pid, uint64_t& ticks) {
  char path[32], text[1024];
  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (n <= 0) return false;
  text[n] = 0;
  const char* at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++) {
    at = strchr(at, ' ');
    if (at) at++;
  }
  if (!at) return false;
  ticks = strtoull(at, nullptr, 10);
  return true;
}

}  // namespace

int signal_process(int32_t pid, uint64_t start_ns, int signal) {
  int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return errno;
  uint64_t ticks = 0, hz = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  int error = 0;
  if (!start_ticks(pid, ticks) || ticks != start_ns / (1'000'000'000 / hz))
    error = ESRCH;
  else if (syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0))
    error = errno;
  close(fd);
  return error;
}

}  // namespace spy
