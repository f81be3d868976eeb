#include "weir/server/channels.h"

#include <mutex>

#include "weir/server/glob.h"

namespace weir::server {

void Channels::Add(SubscriptionKind kind, std::string_view name, size_t thread) {
  std::unique_lock lock(mutex_);
  Counts& counts = maps_[kind][std::string(name)];
  counts.by_thread.resize(threads_);
  ++counts.total;
  ++counts.by_thread[thread];
  entries_.fetch_add(1, std::memory_order_relaxed);
}

void Channels::Remove(SubscriptionKind kind, std::string_view name, size_t thread) {
  std::unique_lock lock(mutex_);
  auto found = maps_[kind].find(std::string(name));
  if (found == maps_[kind].end()) return;
  --found->second.by_thread[thread];
  if (--found->second.total == 0) maps_[kind].erase(found);
  entries_.fetch_sub(1, std::memory_order_relaxed);
}

void Channels::Counts::AddTo(Audience& audience) const {
  audience.receivers += total;
  for (size_t i = 0; i < by_thread.size(); ++i) {
    if (by_thread[i] > 0) audience.threads |= uint64_t{1} << i;
  }
}

Channels::Audience Channels::Of(std::string_view channel) const {
  Audience audience;
  if (entries_.load(std::memory_order_relaxed) == 0) return audience;
  std::shared_lock lock(mutex_);
  auto found = maps_[kChannel].find(std::string(channel));
  if (found != maps_[kChannel].end()) found->second.AddTo(audience);
  for (const auto& [pattern, counts] : maps_[kPattern]) {
    if (GlobMatches(pattern, channel)) counts.AddTo(audience);
  }
  return audience;
}

size_t Channels::Subscribers(std::string_view channel) const {
  std::shared_lock lock(mutex_);
  auto found = maps_[kChannel].find(std::string(channel));
  return found == maps_[kChannel].end() ? 0 : found->second.total;
}

std::vector<std::string> Channels::Matching(std::string_view pattern) const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, counts] : maps_[kChannel]) {
    if (GlobMatches(pattern, name)) names.push_back(name);
  }
  return names;
}

size_t Channels::count(SubscriptionKind kind) const {
  std::shared_lock lock(mutex_);
  return maps_[kind].size();
}

}  // namespace weir::server
