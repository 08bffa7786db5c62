// SPDX-License-Identifier: MIT
// Network namespaces, and how the tables of each are reached: those of a process through its /proc folder, those that only a mount
// keeps by a thread that enters them. One that only a descriptor or another mount namespace keeps is not found.
#include "namespaces.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace spy {

namespace {

using File = std::unique_ptr<FILE, decltype([](FILE* f) { fclose(f); })>;

struct Visit {
  const NetNamespace& place;
  const std::function<void(const std::string&)>& read;
};

void* enter(void* argument) {
  auto& visit = *static_cast<Visit*>(argument);
  int fd = open(visit.place.at.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  struct stat s;
  bool entered = !fstat(fd, &s) && s.st_ino == visit.place.inum && !setns(fd, CLONE_NEWNET);
  close(fd);
  if (entered) visit.read("/proc/thread-self/net");
  return nullptr;
}

// mountinfo writes blanks and backslashes as \ooo.
std::string unescape(const char* text) {
  std::string plain;
  for (; *text; text++) {
    if (*text != '\\') {
      plain += *text;
      continue;
    }
    const char octal[] = {text[1], text[2], text[3], 0};
    plain += static_cast<char>(strtoul(octal, nullptr, 8));
    text += 3;
  }
  return plain;
}

}  // namespace

uint32_t net_namespace_of(uint32_t tgid) {
  char path[40];
  struct stat s;
  snprintf(path, sizeof(path), "/proc/%u/ns/net", tgid);
  return stat(path, &s) ? 0 : static_cast<uint32_t>(s.st_ino);
}

void add_mounted(std::map<uint32_t, NetNamespace>& places) {
  File file(fopen("/proc/self/mountinfo", "re"));
  char* line = nullptr;
  size_t room = 0;
  while (file && getline(&line, &room, file.get()) > 0) {
    uint32_t inum;
    char path[4097];
    if (sscanf(line, "%*d %*d %*s net:[%u] %4096s", &inum, path) == 2)
      places.try_emplace(inum, NetNamespace{inum, unescape(path), true});
  }
  free(line);
}

void visit(const NetNamespace& place, const std::function<void(const std::string&)>& read) {
  if (!place.mounted) return read(place.at);
  Visit what{place, read};
  pthread_t thread;
  if (!pthread_create(&thread, nullptr, enter, &what)) pthread_join(thread, nullptr);
}

}  // namespace spy
