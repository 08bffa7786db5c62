// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intern.h"
#include "wire_types.h"

namespace spy {

// Turns records into a batch inside memory the caller owns: rows from the front, new strings behind them.
class BatchBuilder {
 public:
  // into must hold at least kMinimum bytes and be 8-byte aligned.
  static constexpr size_t kMinimum = 64 << 10;

  void begin(std::span<uint8_t> into);
  // False when the batch has no room for the record: end it and begin another. A record that is malformed is
  // counted and swallowed.
  bool append(std::span<const uint8_t> record);
  // Bytes of the finished batch, 0 when there is nothing in it.
  size_t end();

  uint64_t delivered(uint32_t kind) const { return kind < SPY_KIND_MAX ? delivered_[kind] : 0; }
  uint64_t malformed() const { return malformed_; }

 private:
  uint32_t slot_to_id(std::span<const uint8_t> bytes, uint32_t form, bool cut);

  std::span<uint8_t> into_;
  size_t used_ = 0;
  uint32_t rows_ = 0;
  uint32_t first_string_ = 0;
  std::vector<uint8_t> strings_;
  std::vector<uint8_t> text_;
  Interner interner_;
  bool key_ = true;
  uint64_t delivered_[SPY_KIND_MAX] = {};
  uint64_t malformed_ = 0;
};

}  // namespace spy
