#include "weir/server/reply.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "weir/server/args.h"
#include "weir/server/number.h"

namespace weir::server {

void Reply::Header(char type, int64_t n) {
  char line[32];
  Decimal decimal(n);
  std::string_view digits = decimal.view();
  line[0] = type;
  std::memcpy(line + 1, digits.data(), digits.size());
  std::memcpy(line + 1 + digits.size(), "\r\n", 2);
  Raw({line, digits.size() + 3});
}

void Reply::Status(std::string_view text) {
  Raw("+");
  Raw(text);
  Raw("\r\n");
}

void Reply::Error(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\r', ' ');
  std::replace(line.begin(), line.end(), '\n', ' ');
  Raw("-");
  Raw(line);
  Raw("\r\n");
}

void Reply::Integer(int64_t n) { Header(':', n); }

void Reply::Bulk(std::string_view bytes) {
  Header('$', static_cast<int64_t>(bytes.size()));
  Raw(bytes);
  Raw("\r\n");
}

void Reply::Bulk(Chain chain, size_t size) {
  Header('$', static_cast<int64_t>(size));
  out_.Append(std::move(chain), size);
  Raw("\r\n");
}

void Reply::Value(Entry* entry) {
  if (entry == nullptr) return Null();
  if (!entry->is_chain()) return Bulk(entry->text());
  Chain shared = entry->chain().share(0, entry->value_size());
  if (shared.get() == nullptr) {
    failed_ = true;
  } else {
    Bulk(std::move(shared), entry->value_size());
  }
}

}  // namespace weir::server
