// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace spy {

// Consumer of one BPF ring buffer, mapped directly so that several rings can be merged by looking at their
// oldest record first (libbpf only offers callbacks). Layout: Documentation/bpf/ringbuf.rst.
class Ring {
 public:
  Ring() = default;
  ~Ring() { close(); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // 0 or a negative errno. bytes is the size of the data area, a power of two.
  int open(int map_fd, size_t bytes);
  void close();

  // Oldest committed record, empty when there is none; stays valid until pop.
  std::span<const uint8_t> peek();
  void pop();

  size_t size() const { return bytes_; }
  size_t used() const;
  // Someone else moved the consumer's position: the kernel overwrote what was not read here.
  bool taken_over() const { return taken_over_; }

 private:
  uint8_t* consumer_ = nullptr;
  const uint8_t* producer_ = nullptr;
  const uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
  size_t page_ = 0;
  unsigned long position_ = 0;
  size_t peeked_ = 0;
  bool taken_over_ = false;
};

}  // namespace spy
