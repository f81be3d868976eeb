#include "weir/server/inline_args.h"

#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"

namespace weir::server {
namespace {

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

int HexDigit(char c) {
  if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return -1;
  return c <= '9' ? c - '0' : absl::ascii_tolower(static_cast<unsigned char>(c)) - 'a' + 10;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// What follows a closing quote must be a space or the line's end.
bool TakeClosingQuote(std::string_view& line) {
  line.remove_prefix(1);
  return line.empty() || IsSpace(line[0]);
}

// Takes the inside of "..." and the closing quote off `line`.
bool TakeDoubleQuoted(std::string_view& line, std::string& word) {
  while (!line.empty()) {
    if (line.size() > 3 && line[0] == '\\' && line[1] == 'x' && HexDigit(line[2]) >= 0 &&
        HexDigit(line[3]) >= 0) {
      word += static_cast<char>(HexDigit(line[2]) * 16 + HexDigit(line[3]));
      line.remove_prefix(4);
    } else if (line.size() > 1 && line[0] == '\\') {
      word += Unescape(line[1]);
      line.remove_prefix(2);
    } else if (line[0] == '"') {
      return TakeClosingQuote(line);
    } else {
      word += line[0];
      line.remove_prefix(1);
    }
  }
  return false;
}

bool TakeSingleQuoted(std::string_view& line, std::string& word) {
  while (!line.empty()) {
    if (line.starts_with("\\'")) {
      word += '\'';
      line.remove_prefix(2);
    } else if (line[0] == '\'') {
      return TakeClosingQuote(line);
    } else {
      word += line[0];
      line.remove_prefix(1);
    }
  }
  return false;
}

bool TakeWord(std::string_view& line, std::string& word) {
  while (!line.empty() && !IsSpace(line[0])) {
    char c = line[0];
    line.remove_prefix(1);
    if (c == '"') return TakeDoubleQuoted(line, word);
    if (c == '\'') return TakeSingleQuoted(line, word);
    word += c;
  }
  return true;
}

}  // namespace

bool SplitInline(std::string_view line, Args& args) {
  // As in a C string, a zero byte ends it.
  line = line.substr(0, line.find('\0'));
  for (;;) {
    while (!line.empty() && IsSpace(line[0])) line.remove_prefix(1);
    if (line.empty()) return true;
    std::string word;
    if (!TakeWord(line, word)) return false;
    args.Add(word);
  }
}

}  // namespace weir::server
