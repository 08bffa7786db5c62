// SPDX-License-Identifier: MIT
// One JSON object a line on the console, each behind a word the kernel's own messages do not begin with.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <unistd.h>

class Line {
 public:
  explicit Line(const char* type, const std::string& name = {}) : text_("\n@spydertop {\"type\":\"") {
    text_ += std::string(type) + "\"";
    if (!name.empty()) string("name", name);
  }
  ~Line() {
    text_ += "}\n";
    for (size_t at = 0; at < text_.size();) {
      ssize_t n = ::write(1, text_.data() + at, text_.size() - at);
      if (n <= 0) break;
      at += static_cast<size_t>(n);
    }
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Line& string(const char* key, const std::string& value) {
    begin(key);
    text_ += '"';
    for (char c : value) {
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
    text_ += '"';
    return *this;
  }
  Line& number(const char* key, uint64_t value) {
    begin(key);
    text_ += std::to_string(value);
    return *this;
  }
  Line& flag(const char* key, bool value) {
    begin(key);
    text_ += value ? "true" : "false";
    return *this;
  }

 private:
  void begin(const char* key) { text_ += std::string(",\"") + key + "\":"; }
  std::string text_;
};
