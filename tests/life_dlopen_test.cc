// weir in a shared object that a program without weir opens while it runs.
//
// jemalloc and weir keep their thread-local variables in static TLS, some 5 KiB together, of which
// glibc sets 512 bytes aside for what is opened later; the test runs with more (GLIBC_TUNABLES in
// BUILD.bazel), as docs/life_cycle.md tells users to.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace {

const char* plugin_path = nullptr;

struct Plugin {
  void* handle = dlopen(plugin_path, RTLD_NOW | RTLD_LOCAL);
  int (*use)(int) = nullptr;
  long (*in_use)() = nullptr;
  Plugin() {
    if (handle == nullptr) return;
    use = reinterpret_cast<int (*)(int)>(dlsym(handle, "PluginUse"));
    in_use = reinterpret_cast<long (*)()>(dlsym(handle, "PluginInUse"));
  }
};

// In a thread that was there before the plugin was, in new ones, and in this one.
TEST(Dlopen, EveryThreadCanUseWhatWasOpened) {
  std::atomic<Plugin*> opened{nullptr};
  std::atomic<int> wrong{0};
  std::thread older([&] {
    Plugin* p;
    while ((p = opened.load(std::memory_order_acquire)) == nullptr) std::this_thread::yield();
    wrong += p->use(1000);
  });
  Plugin plugin;
  ASSERT_NE(plugin.handle, nullptr) << dlerror();
  ASSERT_TRUE(plugin.use != nullptr && plugin.in_use != nullptr);
  opened.store(&plugin, std::memory_order_release);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { wrong += plugin.use(1000); });
  wrong += plugin.use(1000);
  for (std::thread& t : threads) t.join();
  older.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(plugin.in_use(), 0);
}

TEST(Dlopen, ThreadsMayEndAfterItWasClosed) {
  Plugin plugin;
  ASSERT_NE(plugin.handle, nullptr) << dlerror();
  std::atomic<int> ready{0};
  std::atomic<bool> closed{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      wrong += plugin.use(100);
      ready.fetch_add(1);
      while (!closed.load()) std::this_thread::yield();
    });  // here the destructor of weir's pthread key runs
  }
  while (ready.load() < 4) std::this_thread::yield();
  // As often as it was opened, in the test before too.
  int closes = 0;
  while (closes < 2 && dlclose(plugin.handle) == 0) ++closes;
  closed.store(true);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_GT(closes, 0);
  // It stays, and works as before when it is opened again.
  Plugin again;
  ASSERT_NE(again.handle, nullptr) << dlerror();
  EXPECT_EQ(again.use(100), 0);
  EXPECT_EQ(again.in_use(), 0);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) return 2;
  plugin_path = argv[1];
  return RUN_ALL_TESTS();
}
