// SPDX-License-Identifier: MIT
#include "batch.h"

#include <cstring>

namespace spy {

namespace {

// Past these, string ids restart with a key batch: the tables on both sides stay small.
constexpr uint32_t kMaxStrings = 50'000;
constexpr size_t kMaxStringBytes = 4 << 20;

// "leaf\0parent\0" to "/parent/leaf"; a path that was cut begins with an ellipsis.
void join_path(std::span<const uint8_t> leaf_first, bool cut, std::vector<uint8_t>& out) {
  out.clear();
  if (cut) out.insert(out.end(), {0xe2, 0x80, 0xa6});
  size_t end = leaf_first.size();
  while (end > 0) {
    size_t last = end - 1;  // the NUL of this component
    size_t begin = last;
    while (begin > 0 && leaf_first[begin - 1]) begin--;
    out.push_back('/');
    out.insert(out.end(), leaf_first.begin() + static_cast<ptrdiff_t>(begin), leaf_first.begin() + static_cast<ptrdiff_t>(last));
    end = begin;
  }
  if (out.empty()) out.push_back('/');
}

}  // namespace

void BatchBuilder::begin(std::span<uint8_t> into) {
  into_ = into;
  used_ = sizeof(spy_batch);
  rows_ = 0;
  strings_.clear();
  if (interner_.count() > kMaxStrings || interner_.bytes() > kMaxStringBytes) {
    interner_.clear();
    key_ = true;
  }
  first_string_ = interner_.count() + 1;
}

uint32_t BatchBuilder::slot_to_id(std::span<const uint8_t> bytes, uint32_t form, bool cut) {
  auto [id, fresh] = interner_.intern(bytes, form | (cut && form == SPY_STR_PATH));
  if (!fresh) return id;
  std::span<const uint8_t> text = bytes;
  if (form == SPY_STR_PATH) {
    join_path(bytes, cut, text_);
    text = text_;
  } else if (form == SPY_STR_ANON && !text.empty() && !text.back()) {
    text = text.first(text.size() - 1);
  }
  uint32_t length = static_cast<uint32_t>(text.size());
  const uint8_t* raw = reinterpret_cast<const uint8_t*>(&length);
  strings_.insert(strings_.end(), raw, raw + 4);
  strings_.insert(strings_.end(), text.begin(), text.end());
  strings_.resize((strings_.size() + 3) & ~size_t{3});
  return id;
}

bool BatchBuilder::append(std::span<const uint8_t> record) {
  spy_hdr h;
  if (record.size() < sizeof(h)) {
    malformed_++;
    return true;
  }
  std::memcpy(&h, record.data(), sizeof(h));
  size_t slots_end = sizeof(h) + h.nstr * sizeof(uint32_t);
  if (h.size > record.size() || h.size % 8 || h.size < slots_end || h.kind >= SPY_KIND_MAX) {
    malformed_++;
    return true;
  }
  size_t text = record.size() - h.size;
  // Joining adds at most the ellipsis and one byte a string; lengths and padding seven more.
  if (used_ + h.size + strings_.size() + text + h.nstr * 16 + 8 > into_.size()) return false;

  uint8_t* row = into_.data() + used_;
  std::memcpy(row, record.data(), h.size);
  size_t at = h.size;
  for (uint8_t i = 0; i < h.nstr; i++) {
    uint32_t slot, id = 0;
    std::memcpy(&slot, record.data() + sizeof(h) + i * sizeof(slot), sizeof(slot));
    size_t length = slot & SPY_STR_LEN_MASK;
    uint32_t form = slot & SPY_STR_FORM_MASK;
    if (at + length > record.size()) {
      malformed_++;
      return true;
    }
    if (length || form == SPY_STR_PATH) id = slot_to_id(record.subspan(at, length), form, h.trunc >> i & 1);
    std::memcpy(row + sizeof(h) + i * sizeof(id), &id, sizeof(id));
    at += length;
  }
  used_ += h.size;
  rows_++;
  delivered_[h.kind]++;
  return true;
}

size_t BatchBuilder::end() {
  if (!rows_ && strings_.empty()) return 0;
  spy_batch header = {};
  header.magic = SPY_MAGIC;
  header.version = SPY_WIRE_VERSION;
  header.flags = key_ ? SPY_BATCH_KEY : 0;
  header.row_bytes = static_cast<uint32_t>(used_ - sizeof(header));
  header.str_bytes = static_cast<uint32_t>(strings_.size());
  header.rows = rows_;
  header.strs = interner_.count() + 1 - first_string_;
  header.first_str = first_string_;
  header.time = boot_time_ns();
  header.wall = clock_ns(CLOCK_REALTIME);
  std::memcpy(into_.data(), &header, sizeof(header));
  std::memcpy(into_.data() + used_, strings_.data(), strings_.size());
  key_ = false;
  return used_ + strings_.size();
}

}  // namespace spy
