// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "session.h"

// One row of a batch with its strings in slot order.
struct Row {
  std::vector<uint64_t> words;
  std::vector<std::string> text;

  const spy_hdr& h() const { return *reinterpret_cast<const spy_hdr*>(words.data()); }
  template <typename T>
  const T& as() const {
    return *reinterpret_cast<const T*>(words.data());
  }
};

// A capture and every row it gave.
class Capture {
 public:
  spy::Session session;
  std::vector<Row> rows;

  // Reads what is waiting; false when a batch cannot be decoded.
  bool drain();
  // The first row of a kind and process (0 = any) that the predicate takes; null when there is none.
  template <typename T, typename Predicate>
  const Row* find(uint16_t kind, uint32_t tgid, Predicate takes) const {
    for (const Row& row : rows)
      if (row.h().kind == kind && row.h().size == sizeof(T) && (!tgid || row.h().tgid == tgid) && takes(row.as<T>(), row))
        return &row;
    return nullptr;
  }

 private:
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(1 << 20);
  std::map<uint32_t, std::string> strings_;
};

inline bool Capture::drain() {
  while (size_t size = session.read(buffer_)) {
    spy_batch batch;
    std::memcpy(&batch, buffer_.data(), sizeof(batch));
    if (batch.magic != SPY_MAGIC || sizeof(batch) + batch.row_bytes + batch.str_bytes != size) return false;
    if (batch.flags & SPY_BATCH_KEY) strings_.clear();
    const uint8_t* at = buffer_.data() + sizeof(batch) + batch.row_bytes;
    for (uint32_t i = 0; i < batch.strs; i++) {
      uint32_t length;
      std::memcpy(&length, at, sizeof(length));
      strings_[batch.first_str + i].assign(reinterpret_cast<const char*>(at) + 4, length);
      at += 4 + (length + 3) / 4 * 4;
    }
    const uint8_t* row_at = buffer_.data() + sizeof(batch);
    for (uint32_t i = 0; i < batch.rows; i++) {
      spy_hdr h;
      std::memcpy(&h, row_at, sizeof(h));
      Row row;
      row.words.resize(h.size / 8);
      std::memcpy(row.words.data(), row_at, h.size);
      for (uint8_t slot = 0; slot < h.nstr; slot++) {
        uint32_t id;
        std::memcpy(&id, row_at + sizeof(h) + slot * sizeof(id), sizeof(id));
        row.text.push_back(strings_[id]);
      }
      rows.push_back(std::move(row));
      row_at += h.size;
    }
  }
  return true;
}
