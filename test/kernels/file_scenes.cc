// SPDX-License-Identifier: MIT
// Everything that takes a file or a name. Raw system calls: the C library would choose other forms.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scene.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

namespace {

struct OpenHow {
  uint64_t flags, mode, resolve;
};

#if defined(__x86_64__)
// A 32-bit call from a 64-bit program; its strings must lie below 4 GiB, as data of a static program does.
char g_low_path[] = "/tmp/open/int80";

long int80(long number, long a, long b, long c) {
  long result;
  asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return result;
}
#endif

void opens(Facts&) {
  MUST(mkdir("/tmp/open", 0755));
  MUST(mkdir("/tmp/open/mounted", 0755));
  MUST(mount("none", "/tmp/open/mounted", "tmpfs", 0, ""));
  int dir = MUST(open("/tmp/open/mounted", O_RDONLY | O_DIRECTORY));
#ifdef SYS_open
  MUST(syscall(SYS_open, "/tmp/open/open", O_RDWR | O_CREAT, 0644));
  MUST(syscall(SYS_creat, "/tmp/open/creat", 0644));
#endif
  MUST(syscall(SYS_openat, dir, "openat", O_WRONLY | O_CREAT, 0644));
  MUST(syscall(SYS_openat, dir, "openat", O_WRONLY | O_TRUNC, 0));
  MUST(symlink("mounted/openat", "/tmp/open/link"));
  MUST(syscall(SYS_openat, AT_FDCWD, "/tmp/../tmp/open/link", O_RDONLY, 0));
  OpenHow how = {O_WRONLY | O_CREAT, 0644, 0};
  MUST(syscall(SYS_openat2, AT_FDCWD, "/tmp/open/openat2", &how, sizeof(how)));
  struct {
    struct file_handle handle;
    unsigned char bytes[MAX_HANDLE_SZ];
  } by = {};
  int mount_id;
  by.handle.handle_bytes = MAX_HANDLE_SZ;
  MUST(name_to_handle_at(AT_FDCWD, "/tmp/open/openat2", &by.handle, &mount_id, 0));
  int tmp = MUST(open("/tmp", O_RDONLY | O_DIRECTORY));
  if (syscall(SYS_open_by_handle_at, tmp, &by.handle, O_RDWR) < 0) skip("open_by_handle_at");
#if defined(__x86_64__)
  long fd = int80(5, reinterpret_cast<long>(g_low_path), O_WRONLY | O_CREAT, 0644);
  if (fd == -ENOSYS) skip("32-bit calls");
#endif
}

void check_opens(const Capture& c, const Facts& facts, Check& check) {
  auto opened = [&](const char* path, uint32_t open) {
    return c.find<spy_file>(SPY_KIND_OPEN, facts.pid, [&](auto& r, auto& row) {
      return row.text[0] == path && r.open == open && r.ino && r.fd >= 0 && S_ISREG(r.mode);
    });
  };
  std::string skipped = facts.skipped;
#ifdef SYS_open
  check.that(opened("/tmp/open/open", SPY_OPEN_CREATED | SPY_OPEN_READ | SPY_OPEN_WRITE), "open");
  check.that(opened("/tmp/open/creat", SPY_OPEN_CREATED | SPY_OPEN_WRITE), "creat");
#endif
  check.that(opened("/tmp/open/mounted/openat", SPY_OPEN_CREATED | SPY_OPEN_WRITE), "openat below a mount");
  check.that(opened("/tmp/open/mounted/openat", SPY_OPEN_WRITE | SPY_OPEN_TRUNC), "openat that truncates");
  check.that(opened("/tmp/open/mounted/openat", SPY_OPEN_READ), "path behind a symbolic link");
  check.that(opened("/tmp/open/openat2", SPY_OPEN_CREATED | SPY_OPEN_WRITE), "openat2");
  if (skipped.find("open_by_handle_at") == std::string::npos)
    check.that(opened("/tmp/open/openat2", SPY_OPEN_READ | SPY_OPEN_WRITE), "open_by_handle_at");
#if defined(__x86_64__)
  if (skipped.find("32-bit") == std::string::npos) check.that(opened("/tmp/open/int80", SPY_OPEN_CREATED | SPY_OPEN_WRITE), "32-bit open");
#endif
}

void permissions(Facts&) {
  int fd = MUST(open("/tmp/mode", O_WRONLY | O_CREAT, 0644));
#ifdef SYS_chmod
  MUST(syscall(SYS_chmod, "/tmp/mode", 0701));
#endif
  MUST(syscall(SYS_fchmod, fd, 0702));
  MUST(syscall(SYS_fchmodat, AT_FDCWD, "/tmp/mode", 0703));
  if (syscall(SYS_fchmodat2, AT_FDCWD, "/tmp/mode", 0704, 0) < 0) skip("fchmodat2");
}

void check_permissions(const Capture& c, const Facts& facts, Check& check) {
  auto changed = [&](uint32_t mode) {
    return c.find<spy_file>(SPY_KIND_CHMOD, facts.pid, [&](auto& r, auto& row) { return (r.mode & 07777) == mode && row.text[0] == "/tmp/mode"; });
  };
#ifdef SYS_chmod
  check.that(changed(0701), "chmod");
#endif
  check.that(changed(0702), "fchmod");
  check.that(changed(0703), "fchmodat");
  if (!*facts.skipped) check.that(changed(0704), "fchmodat2");
}

void names(Facts&) {
  MUST(mkdir("/tmp/names", 0755));
  MUST(chdir("/tmp/names"));
  int dir = MUST(open(".", O_RDONLY | O_DIRECTORY));
  for (const char* name : {"a", "b", "c", "d"}) close(MUST(open(name, O_WRONLY | O_CREAT, 0644)));
#ifdef SYS_rename
  MUST(syscall(SYS_rename, "a", "renamed"));
  MUST(syscall(SYS_link, "b", "linked"));
  MUST(syscall(SYS_symlink, "b", "symbolic"));
  MUST(syscall(SYS_unlink, "c"));
  MUST(syscall(SYS_mkdir, "folder", 0755));
  MUST(syscall(SYS_rmdir, "folder"));
#endif
  MUST(syscall(SYS_renameat2, dir, "d", AT_FDCWD, "/tmp/names/renamed-2", 0));
  MUST(syscall(SYS_linkat, dir, "b", dir, "linked-at", 0));
  MUST(syscall(SYS_symlinkat, "b", dir, "symbolic-at"));
  MUST(syscall(SYS_unlinkat, dir, "b", 0));
}

void check_names(const Capture& c, const Facts& facts, Check& check) {
  // Paths where the kernel's were kept, else as typed, marked, with the folder they start at. Without from_dir, `from` is no path.
  auto named = [&](uint16_t kind, const std::string& from, const std::string& to, const char* from_dir) {
    auto whole = [](const std::string& name) { return name.empty() || name[0] == '/' ? name : "/tmp/names/" + name; };
    return c.find<spy_path>(kind, facts.pid, [&](auto& r, auto& row) {
      if (!r.h.flags) return row.text[0] == (from_dir ? whole(from) : from) && row.text[1] == whole(to);
      return row.text[0] == from && row.text[1] == to && (!from_dir || row.text[2] == from_dir) && r.h.flags == SPY_FLAG_UNVERIFIED;
    });
  };
  const char* dir = "/tmp/names";
#ifdef SYS_rename
  check.that(named(SPY_KIND_RENAME, "a", "renamed", dir), "rename");
  check.that(named(SPY_KIND_LINK, "b", "linked", dir), "link");
  check.that(named(SPY_KIND_SYMLINK, "b", "symbolic", nullptr), "symlink");
  check.that(named(SPY_KIND_UNLINK, "c", "", dir), "unlink");
  check.that(named(SPY_KIND_UNLINK, "folder", "", dir), "rmdir");
#endif
  check.that(named(SPY_KIND_RENAME, "d", "/tmp/names/renamed-2", dir), "renameat2");
  check.that(named(SPY_KIND_LINK, "b", "linked-at", dir), "linkat");
  check.that(named(SPY_KIND_SYMLINK, "b", "symbolic-at", nullptr), "symlinkat");
  check.that(named(SPY_KIND_UNLINK, "b", "", dir), "unlinkat");
}

void attributes(Facts&) {
  int fd = MUST(open("/tmp/attributes", O_RDWR | O_CREAT, 0644));
  MUST(syscall(SYS_truncate, "/tmp/attributes", 11));
  MUST(syscall(SYS_ftruncate, fd, 12));
#ifdef SYS_chown
  MUST(syscall(SYS_chown, "/tmp/attributes", 21, 31));
#endif
  MUST(syscall(SYS_fchown, fd, 22, 32));
  MUST(syscall(SYS_fchownat, AT_FDCWD, "/tmp/attributes", 23, 33, 0));
}

void check_attributes(const Capture& c, const Facts& facts, Check& check) {
  auto changed = [&](uint16_t kind, uint64_t arg) {
    return c.find<spy_path>(kind, facts.pid, [&](auto& r, auto& row) { return row.text[0] == "/tmp/attributes" && r.arg == arg; });
  };
  check.that(changed(SPY_KIND_TRUNCATE, 11), "truncate");
  check.that(changed(SPY_KIND_TRUNCATE, 12), "ftruncate");
#ifdef SYS_chown
  check.that(changed(SPY_KIND_CHOWN, 21ull << 32 | 31), "chown");
#endif
  check.that(changed(SPY_KIND_CHOWN, 22ull << 32 | 32), "fchown");
  check.that(changed(SPY_KIND_CHOWN, 23ull << 32 | 33), "fchownat");
}

void mounts(Facts&) {
  MUST(mkdir("/tmp/target", 0755));
  MUST(mount("source", "/tmp/target", "tmpfs", MS_NOEXEC, ""));
}

void check_mounts(const Capture& c, const Facts& facts, Check& check) {
  check.that(c.find<spy_path>(SPY_KIND_MOUNT, facts.pid,
                              [](auto& r, auto& row) { return row.text[0] == "source" && row.text[1] == "/tmp/target" && r.arg == MS_NOEXEC; }),
             "mount");
}

void uses(Facts&) {
  char buffer[16] = "twelve bytes";
  int from = MUST(open("/tmp/from", O_RDWR | O_CREAT, 0644)), to = MUST(open("/tmp/to", O_RDWR | O_CREAT, 0644));
  int copy = MUST(open("/tmp/copy", O_RDWR | O_CREAT, 0644));
  MUST(write(from, buffer, 12));
  MUST(write(from, buffer, 12));
  MUST(pread(from, buffer, 7, 0));
  off_t at = 0;
  MUST(sendfile(to, from, &at, 24));
  MUST(lseek(to, 0, SEEK_SET));
  if (syscall(SYS_copy_file_range, to, nullptr, copy, nullptr, 24, 0) < 0) skip("copy_file_range");
}

void check_uses(const Capture& c, const Facts& facts, Check& check) {
  auto used = [&](uint16_t kind, const char* path, uint64_t bytes) {
    return c.find<spy_use>(kind, facts.pid, [&](auto& r, auto& row) { return row.text[0] == path && r.bytes == bytes && r.ino; });
  };
  check.that(used(SPY_KIND_WRITE, "/tmp/from", 12), "write");
  check.that(used(SPY_KIND_READ, "/tmp/from", 7), "pread");
  check.that(used(SPY_KIND_WRITE, "/tmp/to", 24), "sendfile");
  if (*facts.skipped) return;
  check.that(used(SPY_KIND_READ, "/tmp/to", 24), "copy_file_range from");
  check.that(used(SPY_KIND_WRITE, "/tmp/copy", 24), "copy_file_range to");
}

constexpr Scene kScenes[] = {
    {"open in all forms", "files", opens, check_opens},
    {"permissions", "permissions", permissions, check_permissions},
    {"rename, link, unlink", "names", names, check_names},
    {"truncate, chown", "attributes", attributes, check_attributes},
    {"mount", "mounts", mounts, check_mounts},
    {"read and write", "reads and writes", uses, check_uses},
};

}  // namespace

std::span<const Scene> file_scenes() { return kScenes; }
