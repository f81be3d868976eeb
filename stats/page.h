// The exporter's page: one HTML document with its style and script inside, which asks for nothing
// but /stats.json.
#ifndef WEIR_STATS_PAGE_H_
#define WEIR_STATS_PAGE_H_

#include <string>

namespace weir {

// `title` is plain text. `nonce`, letters and figures only, marks the page's own style and script
// for the Content-Security-Policy under which it is served.
std::string RenderPage(const std::string& title, const std::string& nonce);

}  // namespace weir

#endif  // WEIR_STATS_PAGE_H_
