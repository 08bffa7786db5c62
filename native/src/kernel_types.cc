// SPDX-License-Identifier: MIT
// The part of the kernel's BTF that loading an object takes. Layout: Documentation/bpf/btf.rst.
#include "kernel_types.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// The linker puts the one in the place of the other wherever libbpf calls it (native/Makefile).
extern "C" {
btf* __real_btf__load_vmlinux_btf();
btf* __wrap_btf__load_vmlinux_btf();
int __real_bpf_btf_get_next_id(uint32_t start, uint32_t* next);
int __wrap_bpf_btf_get_next_id(uint32_t start, uint32_t* next);
}

namespace spy {

namespace {

thread_local const bpf_object* g_object = nullptr;
thread_local std::span<const Setting> g_settings;

constexpr uint32_t bit(uint32_t kind) { return 1u << kind; }
constexpr uint32_t kComposite = bit(BTF_KIND_STRUCT) | bit(BTF_KIND_UNION);
constexpr uint32_t kEnum = bit(BTF_KIND_ENUM) | bit(BTF_KIND_ENUM64);
constexpr uint32_t kNamed = kComposite | kEnum | bit(BTF_KIND_TYPEDEF) | bit(BTF_KIND_FUNC);

// What of a name counts: all before a flavour, ___ and something, as libbpf sees it.
std::string_view essential(std::string_view name) {
  size_t at = name.rfind("___");
  auto separates = [&] { return at > 0 && name[at - 1] != '_' && at + 3 < name.size() && name[at + 3] != '_'; };
  while (at != std::string_view::npos && !separates()) at = at ? name.rfind("___", at - 1) : std::string_view::npos;
  return name.substr(0, at);
}

// What an object asks for: kinds by name.
std::unordered_map<std::string_view, uint32_t> wanted(const bpf_object* object, std::vector<std::string>& kept) {
  std::unordered_map<std::string_view, uint32_t> names;
  const btf* types = bpf_object__btf(object);
  for (uint32_t id = 1; types && id < btf__type_cnt(types); id++) {
    const btf_type* t = btf__type_by_id(types, id);
    uint32_t kind = bit(btf_kind(t));
    if (kind == bit(BTF_KIND_TYPEDEF) || !(kind & kNamed) || !t->name_off) continue;
    names[essential(btf__name_by_offset(types, t->name_off))] |= kind & kEnum ? kEnum : kind;
  }
  kept.clear();
  kept.reserve(256);
  bpf_program* p = nullptr;
  while ((p = bpf_object__next_program(object, p)) && kept.size() < kept.capacity()) {
    std::string_view section = bpf_program__section_name(p);
    section = section.substr(section.find_first_not_of('?'));
    size_t slash = section.find('/');
    if (slash == std::string_view::npos || !bpf_program__autoload(p)) continue;
    std::string_view how = section.substr(0, slash), what = section.substr(slash + 1);
    if (how == "tp_btf")
      names[kept.emplace_back("btf_trace_").append(what)] |= bit(BTF_KIND_TYPEDEF);
    else
      names[how.starts_with("iter") ? kept.emplace_back("bpf_iter_").append(what) : kept.emplace_back(what)] |= bit(BTF_KIND_FUNC);
  }
  return names;
}

// A file of the kernel: mapped where it lets itself be (6.16), otherwise read.
class File {
 public:
  explicit File(const char* path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat s;
    if (fd < 0) return;
    if (!fstat(fd, &s) && s.st_size > 0) map(fd, static_cast<size_t>(s.st_size));
    close(fd);
  }
  ~File() {
    if (bytes_) munmap(at_, bytes_);
  }
  const uint8_t* data() const { return static_cast<const uint8_t*>(at_); }
  size_t size() const { return bytes_; }

 private:
  void map(int fd, size_t bytes) {
    at_ = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (at_ != MAP_FAILED) {
      bytes_ = bytes;
      return;
    }
    at_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (at_ == MAP_FAILED) return;
    bytes_ = bytes;
    size_t have = 0;
    while (have < bytes) {
      ssize_t n = read(fd, static_cast<uint8_t*>(at_) + have, bytes - have);
      if (n > 0) have += static_cast<size_t>(n);
      else if (n == 0 || errno != EINTR) break;
    }
    if (have == bytes) return;
    munmap(at_, bytes_);
    bytes_ = 0;
  }

  void* at_ = nullptr;
  size_t bytes_ = 0;
};

// Bytes of a type; 0 = of a kind that is not known here.
size_t type_bytes(const btf_type* t) {
  size_t n = btf_vlen(t);
  switch (btf_kind(t)) {
    case BTF_KIND_PTR: case BTF_KIND_FWD: case BTF_KIND_TYPEDEF: case BTF_KIND_VOLATILE: case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT: case BTF_KIND_FUNC: case BTF_KIND_FLOAT: case BTF_KIND_TYPE_TAG:
      return sizeof(*t);
    case BTF_KIND_INT: case BTF_KIND_VAR: case BTF_KIND_DECL_TAG:
      return sizeof(*t) + sizeof(uint32_t);
    case BTF_KIND_ARRAY:
      return sizeof(*t) + sizeof(struct btf_array);
    case BTF_KIND_STRUCT: case BTF_KIND_UNION:
      return sizeof(*t) + n * sizeof(btf_member);
    case BTF_KIND_ENUM:
      return sizeof(*t) + n * sizeof(struct btf_enum);
    case BTF_KIND_ENUM64:
      return sizeof(*t) + n * sizeof(struct btf_enum64);
    case BTF_KIND_FUNC_PROTO:
      return sizeof(*t) + n * sizeof(btf_param);
    case BTF_KIND_DATASEC:
      return sizeof(*t) + n * sizeof(btf_var_secinfo);
  }
  return 0;
}

class Reduction {
 public:
  // False when this is no BTF, or has types that are not known here.
  bool find(const File& file, const std::unordered_map<std::string_view, uint32_t>& names) {
    btf_header header;
    if (file.size() < sizeof(header)) return false;
    std::memcpy(&header, file.data(), sizeof(header));
    uint64_t types = uint64_t{header.hdr_len} + header.type_off, strings = uint64_t{header.hdr_len} + header.str_off;
    if (header.magic != BTF_MAGIC || types % 4 || types + header.type_len > file.size() || !header.str_len ||
        strings + header.str_len > file.size() || file.data()[strings + header.str_len - 1])
      return false;
    strings_ = {reinterpret_cast<const char*>(file.data() + strings), header.str_len};
    const uint8_t* at = file.data() + types;
    const uint8_t* end = at + header.type_len;
    types_.reserve(header.type_len / 24);
    types_.push_back(nullptr);
    while (at < end) {
      const btf_type* t = reinterpret_cast<const btf_type*>(at);
      if (at + sizeof(*t) > end) return false;
      size_t bytes = type_bytes(t);
      if (!bytes || bytes > static_cast<size_t>(end - at) || t->name_off >= strings_.size()) return false;
      if (bit(btf_kind(t)) & kNamed && t->name_off) {
        auto found = names.find(essential(strings_.data() + t->name_off));
        if (found != names.end() && found->second & bit(btf_kind(t))) roots_.push_back(static_cast<uint32_t>(types_.size()));
      }
      types_.push_back(t);
      at += bytes;
    }
    kept_.assign(types_.size(), false);
    for (uint32_t id : roots_) keep(id);
    while (!left_.empty()) {
      uint32_t id = left_.back();
      left_.pop_back();
      follow(types_[id]);
    }
    return true;
  }

  // Types that were not found leave their numbers to nobody; the last are left out.
  btf* build(std::span<const Setting> settings) const {
    uint32_t count = static_cast<uint32_t>(types_.size());
    while (count > 1 && !kept_[count - 1]) count--;
    btf_header header = {};
    constexpr size_t kHead = sizeof(header) / sizeof(uint32_t);
    std::vector<uint32_t> out(kHead);
    std::string text(1, '\0');
    out.reserve(count * 4);
    for (uint32_t id = 1; id < count; id++) {
      if (kept_[id])
        append(out, text, types_[id]);
      else
        out.insert(out.end(), {0, BTF_KIND_FWD << 24, 0});
    }
    auto name = [&text](const char* of) {
      uint32_t at = static_cast<uint32_t>(text.size());
      text.append(of).push_back('\0');
      return at;
    };
    out.insert(out.end(), {name("spy_setting"), BTF_KIND_ENUM << 24 | static_cast<uint32_t>(settings.size()), sizeof(int32_t)});
    for (const Setting& s : settings) out.insert(out.end(), {name(s.name), static_cast<uint32_t>(s.value)});
    header.magic = BTF_MAGIC;
    header.version = BTF_VERSION;
    header.hdr_len = sizeof(header);
    header.type_len = header.str_off = static_cast<uint32_t>((out.size() - kHead) * sizeof(uint32_t));
    header.str_len = static_cast<uint32_t>(text.size());
    std::memcpy(out.data(), &header, sizeof(header));
    size_t types = out.size();
    out.resize(types + (text.size() + 3) / 4);
    std::memcpy(out.data() + types, text.data(), text.size());
    return btf__new(out.data(), static_cast<uint32_t>(types * sizeof(uint32_t) + text.size()));
  }

 private:
  void keep(uint32_t id) {
    if (!id || id >= types_.size() || kept_[id]) return;
    kept_[id] = true;
    left_.push_back(id);
  }

  // What a type is made of. What it points to is another matter, except for what functions take.
  void follow(const btf_type* t) {
    switch (btf_kind(t)) {
      case BTF_KIND_STRUCT: case BTF_KIND_UNION:
        for (const btf_member *m = btf_members(t), *end = m + btf_vlen(t); m < end; m++) keep(m->type);
        break;
      case BTF_KIND_ARRAY:
        keep(btf_array(t)->type);
        keep(btf_array(t)->index_type);
        break;
      case BTF_KIND_FUNC_PROTO:
        argument(t->type);
        for (const btf_param *p = btf_params(t), *end = p + btf_vlen(t); p < end; p++) argument(p->type);
        break;
      default:
        if (refers(t) && btf_kind(t) != BTF_KIND_PTR) keep(t->type);
    }
  }

  void argument(uint32_t id) {
    for (; id && id < types_.size(); id = types_[id]->type) {
      keep(id);
      if (!refers(types_[id])) break;
    }
  }

  static bool refers(const btf_type* t) {
    return bit(btf_kind(t)) & (bit(BTF_KIND_PTR) | bit(BTF_KIND_TYPEDEF) | bit(BTF_KIND_VOLATILE) | bit(BTF_KIND_CONST) |
                               bit(BTF_KIND_RESTRICT) | bit(BTF_KIND_TYPE_TAG) | bit(BTF_KIND_FUNC));
  }

  uint32_t reference(uint32_t id) const { return id < kept_.size() && kept_[id] ? id : 0; }

  uint32_t copy_name(std::string& text, uint32_t at) const {
    if (!at || at >= strings_.size()) return 0;
    uint32_t copied = static_cast<uint32_t>(text.size());
    text.append(strings_.data() + at).push_back('\0');
    return copied;
  }

  void append(std::vector<uint32_t>& out, std::string& text, const btf_type* t) const {
    const uint32_t* words = reinterpret_cast<const uint32_t*>(t);
    size_t at = out.size();
    out.insert(out.end(), words, words + type_bytes(t) / sizeof(*words));
    out[at] = copy_name(text, t->name_off);
    uint32_t kind = btf_kind(t);
    if (refers(t) || kind == BTF_KIND_FUNC_PROTO) out[at + 2] = reference(t->type);
    // What follows: a name and then a type or a value, of three words or two.
    at += 3;
    if (kind == BTF_KIND_ARRAY) {
      out[at] = reference(out[at]);
      out[at + 1] = reference(out[at + 1]);
    }
    if (kind == BTF_KIND_INT || kind == BTF_KIND_ARRAY) return;
    size_t step = bit(kind) & (kComposite | bit(BTF_KIND_ENUM64)) ? 3 : 2;
    for (; at < out.size(); at += step) {
      out[at] = copy_name(text, out[at]);
      if (!(bit(kind) & kEnum)) out[at + 1] = reference(out[at + 1]);
    }
  }

  std::string_view strings_;
  std::vector<const btf_type*> types_;
  std::vector<uint32_t> roots_, left_;
  std::vector<bool> kept_;
};

}  // namespace

OnlyTypesOf::OnlyTypesOf(const bpf_object* object, std::span<const Setting> settings) {
  g_object = object;
  g_settings = settings;
}

OnlyTypesOf::~OnlyTypesOf() { g_object = nullptr; }

}  // namespace spy

btf* __wrap_btf__load_vmlinux_btf() {
  if (spy::g_object) {
    std::vector<std::string> kept;
    spy::File file("/sys/kernel/btf/vmlinux");
    spy::Reduction reduction;
    if (reduction.find(file, spy::wanted(spy::g_object, kept)))
      if (btf* types = reduction.build(spy::g_settings)) return types;
    spy::g_object = nullptr;
  }
  return __real_btf__load_vmlinux_btf();
}

int __wrap_bpf_btf_get_next_id(uint32_t start, uint32_t* next) {
  if (!spy::g_object) return __real_bpf_btf_get_next_id(start, next);
  errno = ENOENT;
  return -ENOENT;
}
