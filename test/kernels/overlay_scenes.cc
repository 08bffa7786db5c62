// SPDX-License-Identifier: MIT
// A file of an overlay is that of the layer it is in. scripts/kernels/ puts the module of the kernel into /overlay.ko.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"

namespace {

#define AT "/tmp/overlay/"

enum { ABOVE, BELOW, TEXT_BELOW, TEXT_ABOVE, RUNS };

struct Run {
  const char* path;
  int inode;
  bool covered;
};
constexpr Run kRuns[] = {
    {AT "merged/above", ABOVE, true}, {AT "upper/above", ABOVE, false}, {AT "merged/below", BELOW, true}, {AT "lower/below", BELOW, false}};

uint64_t inode_at(const char* path) {
  struct stat st;
  MUST(stat(path, &st));
  return st.st_ino;
}

void copy_program(const char* to) {
  char buffer[65536];
  int from = MUST(open("/init", O_RDONLY)), copy = MUST(open(to, O_WRONLY | O_CREAT, 0755));
  for (ssize_t n; (n = MUST(read(from, buffer, sizeof(buffer)))) > 0;) MUST(write(copy, buffer, static_cast<size_t>(n)));
  close(from);
  close(copy);
}

void use(const char* path, bool writes) {
  char byte = 'x';
  int fd = MUST(open(path, writes ? O_WRONLY | O_APPEND : O_RDONLY));
  MUST(writes ? write(fd, &byte, 1) : read(fd, &byte, 1));
  close(fd);
}

uint64_t run(const char* path) {
  pid_t pid = MUST(fork());
  if (!pid) {
    const char* argv[] = {path, "exit", nullptr};
    execv(path, const_cast<char**>(argv));
    _exit(99);
  }
  int status;
  MUST(waitpid(pid, &status, 0));
  if (status) give_up(path, __LINE__);
  return static_cast<uint64_t>(pid);
}

void overlay(Facts& facts) {
  int module = MUST(open("/overlay.ko", O_RDONLY));
  MUST(syscall(SYS_finit_module, module, "", 0));
  MUST(unshare(CLONE_NEWNS));
  for (const char* folder : {AT, AT "lower", AT "upper", AT "work", AT "merged"}) MUST(mkdir(folder, 0755));
  copy_program(AT "lower/below");
  close(MUST(open(AT "lower/text", O_WRONLY | O_CREAT, 0644)));
  use(AT "lower/text", true);
  MUST(mount("overlay", AT "merged", "overlay", 0, "lowerdir=" AT "lower,upperdir=" AT "upper,workdir=" AT "work"));
  copy_program(AT "merged/above");
  for (int i = 0; i < 4; i++) facts.number[RUNS + i] = run(kRuns[i].path);
  use(AT "merged/text", false);
  use(AT "merged/text", true);
  facts.number[ABOVE] = inode_at(AT "upper/above");
  facts.number[BELOW] = inode_at(AT "lower/below");
  facts.number[TEXT_BELOW] = inode_at(AT "lower/text");
  facts.number[TEXT_ABOVE] = inode_at(AT "upper/text");
}

void check_overlay(const Capture& c, const Facts& facts, Check& check) {
  for (int i = 0; i < 4; i++) {
    const Run& run = kRuns[i];
    check.that(c.find<spy_image>(SPY_KIND_EXEC, static_cast<uint32_t>(facts.number[RUNS + i]),
                                 [&](auto& r, auto& row) {
                                   return row.text[0] == run.path && r.exe_ino == facts.number[run.inode] &&
                                          !(r.image & SPY_IMAGE_COVERED) == !run.covered;
                                 }),
               run.path);
  }
  auto used = [&](uint16_t kind, const char* path, int inode) {
    return c.find<spy_use>(kind, facts.pid, [&](auto& r, auto& row) { return row.text[0] == path && r.ino == facts.number[inode]; });
  };
  check.that(used(SPY_KIND_WRITE, AT "merged/above", ABOVE), "write through it");
  check.that(used(SPY_KIND_READ, AT "merged/text", TEXT_BELOW), "read from below");
  check.that(used(SPY_KIND_WRITE, AT "merged/text", TEXT_ABOVE), "write of a copy");
  check.that(c.find<spy_file>(SPY_KIND_OPEN, facts.pid,
                              [&](auto& r, auto& row) { return row.text[0] == AT "merged/above" && r.ino == facts.number[ABOVE]; }),
             "open through it");
}

constexpr Scene kScenes[] = {{"overlay", "files", overlay, check_overlay}};

}  // namespace

std::span<const Scene> overlay_scenes() { return kScenes; }
