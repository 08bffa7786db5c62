// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace spy {

// Byte strings to dense ids from 1. The same bytes under another tag are another string.
class Interner {
 public:
  Interner() : slots_(kInitial) {}

  struct Result {
    uint32_t id;
    bool fresh;
  };

  Result intern(std::span<const uint8_t> bytes, uint32_t tag) {
    uint64_t hash = hash_of(bytes, tag);
    for (size_t i = hash >> 8 & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[i];
      if (!slot.id) {
        slot = {hash, static_cast<uint32_t>(arena_.size()), static_cast<uint32_t>(bytes.size()), ++count_};
        arena_.insert(arena_.end(), bytes.begin(), bytes.end());
        if (count_ * 2 > slots_.size()) grow();
        return {count_, true};
      }
      if (slot.hash == hash && slot.length == bytes.size() &&
          !std::memcmp(arena_.data() + slot.offset, bytes.data(), bytes.size()))
        return {slot.id, false};
    }
  }

  uint32_t count() const { return count_; }
  size_t bytes() const { return arena_.size(); }

  void clear() {
    slots_.assign(kInitial, Slot{});
    arena_.clear();
    count_ = 0;
  }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t offset = 0, length = 0, id = 0;
  };
  static constexpr size_t kInitial = 1 << 14;

  static uint64_t hash_of(std::span<const uint8_t> bytes, uint32_t tag) {
    uint64_t h = (bytes.size() + (uint64_t{tag} << 32)) * 0x9e3779b97f4a7c15ull;
    const uint8_t* p = bytes.data();
    size_t n = bytes.size();
    for (; n >= 8; n -= 8, p += 8) {
      uint64_t v;
      std::memcpy(&v, p, 8);
      h = (h ^ v) * 0xff51afd7ed558ccdull;
      h ^= h >> 32;
    }
    uint64_t v = 0;
    std::memcpy(&v, p, n);
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    return h ^ h >> 29;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (!slot.id) continue;
      size_t i = slot.hash >> 8 & (slots_.size() - 1);
      while (slots_[i].id) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<uint8_t> arena_;
  uint32_t count_ = 0;
};

}  // namespace spy
