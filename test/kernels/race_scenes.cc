// SPDX-License-Identifier: MIT
// A name that is swapped while the call is made: what is told must be what the kernel acted on, or marked. The name lies across
// two pages, of which the second is missing: when the kernel asks for it, it has read the first, and that is changed then.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "scene.h"

namespace {

// The letter is read long before the end of the page, by whatever step the kernel copies.
constexpr char kFirst[] = "/tmp/race/x/./././././././././././././././.";
constexpr size_t kLetter = 10, kFirstBytes = sizeof(kFirst) - 1;
const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));
char *g_pages, *g_path;
std::string g_second;

void* serve(void* fd) {
  int faults = static_cast<int>(reinterpret_cast<intptr_t>(fd));
  uffd_msg fault;
  while (read(faults, &fault, sizeof(fault)) == sizeof(fault)) {
    std::string page = g_second;
    page.resize(kPage);
    g_path[kLetter] = 'y';
    uffdio_copy copy = {reinterpret_cast<uint64_t>(g_pages + kPage), reinterpret_cast<uint64_t>(page.data()), kPage, 0, 0};
    if (ioctl(faults, UFFDIO_COPY, &copy)) give_up("UFFDIO_COPY", __LINE__);
  }
  return nullptr;
}

// The path of an entry of x, which will be that of y when the call that takes it ends.
const char* swapped(const char* entry) {
  MUST(madvise(g_pages + kPage, kPage, MADV_DONTNEED));
  g_path[kLetter] = 'x';
  g_second = std::string("/") + entry;
  return g_path;
}

void make(const char* path) { close(MUST(open(path, O_WRONLY | O_CREAT, 0644))); }

void race(Facts&) {
  g_pages = static_cast<char*>(mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  g_path = g_pages + kPage - kFirstBytes;
  memcpy(g_path, kFirst, kFirstBytes);
  int faults = MUST(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC)));
  uffdio_api api = {UFFD_API, 0, 0};
  MUST(ioctl(faults, UFFDIO_API, &api));
  uffdio_register second = {{reinterpret_cast<uint64_t>(g_pages + kPage), kPage}, UFFDIO_REGISTER_MODE_MISSING, 0};
  MUST(ioctl(faults, UFFDIO_REGISTER, &second));
  pthread_t server;
  if (pthread_create(&server, nullptr, serve, reinterpret_cast<void*>(static_cast<intptr_t>(faults)))) give_up("pthread_create", __LINE__);
  for (std::string dir : {"/tmp/race", "/tmp/race/x", "/tmp/race/y"}) MUST(mkdir(dir.c_str(), 0755));
  for (std::string dir : {"/tmp/race/x/", "/tmp/race/y/"}) {
    for (const char* name : {"removed", "renamed", "linked", "mode", "size", "owner"}) make((dir + name).c_str());
    for (const char* name : {"folder", "target", "empty", "full", "full/part"}) MUST(mkdir((dir + name).c_str(), 0755));
  }
  MUST(unlink(swapped("removed")));
  MUST(rmdir(swapped("folder")));
  // Comes as far as the hook and fails: nothing of it may be left for the next.
  if (!rename(swapped("empty"), "/tmp/race/x/full")) give_up("rename onto a full folder", __LINE__);
  MUST(rename(swapped("renamed"), "/tmp/race/to"));
  MUST(link(swapped("linked"), "/tmp/race/hard"));
  MUST(symlink("nowhere", swapped("symbolic")));
  MUST(mount("source", swapped("target"), "tmpfs", MS_NOEXEC, ""));
  MUST(chmod(swapped("mode"), 0755));
  MUST(truncate(swapped("size"), 9));
  MUST(chown(swapped("owner"), 21, 31));
  if (access("/tmp/race/y/removed", F_OK) || access("/tmp/race/y/renamed", F_OK)) give_up("the kernel read the swapped name", __LINE__);
}

void check_race(const Capture& c, const Facts& facts, Check& check) {
  const struct {
    uint16_t kind;
    unsigned slot;
    const char *entry, *feature;
  } calls[] = {
      {SPY_KIND_UNLINK, 0, "removed", "names"},       {SPY_KIND_UNLINK, 0, "folder", "names"},
      {SPY_KIND_RENAME, 0, "renamed", "names"},       {SPY_KIND_LINK, 0, "linked", "names"},
      {SPY_KIND_SYMLINK, 1, "symbolic", "names"},     {SPY_KIND_MOUNT, 1, "target", "mounts"},
      {SPY_KIND_CHMOD, 0, "mode", "permissions"},     {SPY_KIND_TRUNCATE, 0, "size", "attributes"},
      {SPY_KIND_CHOWN, 0, "owner", "attributes"},
  };
  std::string marked;
  for (const auto& call : calls) {
    const std::string end = std::string("/") + call.entry, truth = "/tmp/race/x" + end;
    const Row* told = nullptr;
    for (const Row& row : c.rows)
      if (row.h().kind == call.kind && row.h().tgid == facts.pid && row.text.size() > call.slot && row.text[call.slot].ends_with(end)) told = &row;
    if (told && told->h().flags & SPY_FLAG_UNVERIFIED) {
      bool resolved = false;
      for (const spy::FeatureState& f : c.session.features()) resolved |= f.name == call.feature && f.ok && !f.on_base;
      check.that(!resolved, (std::string(call.entry) + " not as the kernel resolved it").c_str());
      check.that(told->text[call.slot][kLetter] == 'y', (std::string(call.entry) + " was not swapped").c_str());
      marked += (marked.empty() ? "" : ", ") + std::string(call.entry);
    } else {
      check.that(told && told->text[call.slot] == truth, (std::string(call.entry) + ": " + (told ? told->text[call.slot] : "nothing")).c_str());
    }
  }
  unsigned renames = 0;
  c.find<spy_path>(SPY_KIND_RENAME, facts.pid, [&](auto&, auto&) { return ++renames, false; });
  check.that(renames == 1, "a rename that failed");
  const Row* mode = c.find<spy_file>(SPY_KIND_CHMOD, facts.pid, [](auto& r, auto&) { return r.mode == (S_IFREG | 0755u); });
  check.that(mode && (mode->h().flags || mode->as<spy_file>().ino), "the file of a chmod");
  if (!marked.empty()) check.note("told as typed, which was false, and marked: " + marked);
}

constexpr Scene kScenes[] = {
    {"names swapped during the call", "names", race, check_race},
};

}  // namespace

std::span<const Scene> race_scenes() { return kScenes; }
