// Uses libweir-exporter: serves the figures, and prints them.
#include <weir/chain/mbuf.h>
#include <weir/chain/weir.h>
#include <weir/stats/exporter.h>
#include <weir/stats/json.h>
#include <weir/stats/prometheus.h>
#include <weir/stats/text.h>

#include <cstdio>
#include <string>

int main() {
  m_freem(m_get(M_DONTWAIT, MT_DATA));
  struct weir_snapshot figures;
  weir_snapshot(&figures);
  weir::Exporter::Options options;
  options.snapshot = weir_snapshot;
  std::string error;
  auto exporter = weir::Exporter::Start(options, &error);
  if (exporter == nullptr) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  const bool right = weir::RenderText(figures).find("mbuf") != std::string::npos &&
                     weir::RenderJson(figures).find("mbuf") != std::string::npos &&
                     weir::RenderPrometheus(figures).find("weir_in_use") != std::string::npos;
  if (right) std::puts("right");
  return right ? 0 : 1;
}
