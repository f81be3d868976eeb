#include "weir/stats/page.h"

#include "absl/strings/str_replace.h"
#include "weir/stats/page_files.h"  // generated from page/

namespace weir {
namespace {

std::string EscapedHtml(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

}  // namespace

std::string RenderPage(const std::string& title, const std::string& nonce) {
  // One pass: what is put in is not looked at again, so a title cannot name a placeholder.
  return absl::StrReplaceAll(kPageHtml, {{"@TITLE@", EscapedHtml(title)},
                                         {"@NONCE@", nonce},
                                         {"@STYLE@", kPageCss},
                                         {"@SCRIPT@", kPageJs}});
}

}  // namespace weir
