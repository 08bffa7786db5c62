// SPDX-License-Identifier: MIT
#include "ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace spy {

namespace {

constexpr size_t kHeader = BPF_RINGBUF_HDR_SZ;

unsigned long load_acquire(const void* at) { return __atomic_load_n(static_cast<const unsigned long*>(at), __ATOMIC_ACQUIRE); }

}  // namespace

int Ring::open(int map_fd, size_t bytes) {
  close();
  page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* consumer = mmap(nullptr, page_, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (consumer == MAP_FAILED) return -errno;
  // The data area is mapped twice in a row by the kernel: a record never wraps.
  void* producer = mmap(nullptr, page_ + 2 * bytes, PROT_READ, MAP_SHARED, map_fd, static_cast<off_t>(page_));
  if (producer == MAP_FAILED) {
    int error = -errno;
    munmap(consumer, page_);
    return error;
  }
  consumer_ = static_cast<uint8_t*>(consumer);
  producer_ = static_cast<const uint8_t*>(producer);
  data_ = producer_ + page_;
  bytes_ = bytes;
  position_ = load_acquire(consumer_);
  return 0;
}

void Ring::close() {
  if (!consumer_) return;
  munmap(consumer_, page_);
  munmap(const_cast<uint8_t*>(producer_), page_ + 2 * bytes_);
  consumer_ = nullptr;
}

std::span<const uint8_t> Ring::peek() {
  if (consumer_ && load_acquire(consumer_) != position_) {
    taken_over_ = true;
    position_ = load_acquire(consumer_);
  }
  while (position_ < load_acquire(producer_)) {
    const uint8_t* at = data_ + (position_ & (bytes_ - 1));
    uint32_t head = __atomic_load_n(reinterpret_cast<const uint32_t*>(at), __ATOMIC_ACQUIRE);
    if (head & BPF_RINGBUF_BUSY_BIT) return {};
    size_t length = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (length > bytes_) {
      // No record begins here: on to the next that will be written.
      taken_over_ = true;
      peeked_ = load_acquire(producer_) - position_;
      pop();
      return {};
    }
    peeked_ = (length + kHeader + 7) / 8 * 8;
    if (!(head & BPF_RINGBUF_DISCARD_BIT)) return {at + kHeader, length};
    pop();
  }
  return {};
}

void Ring::pop() {
  position_ += peeked_;
  __atomic_store_n(reinterpret_cast<unsigned long*>(consumer_), position_, __ATOMIC_RELEASE);
}

size_t Ring::used() const { return consumer_ ? load_acquire(producer_) - position_ : 0; }

}  // namespace spy
