#include "workers.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace transferkit {

namespace {

// How long a thread looks for what comes next before it sleeps. To wake one up takes about as long, so that calls in quick succession do not
// pay for it, and no thread is kept from sleeping for longer than it would take to wake up.
constexpr std::chrono::microseconds kPatience(50);

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Looks until there is something, for a while; whether there was. Threads that have work go first.
template <typename F>
bool Appears(F is_there) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!is_there()) {
    for (int look = 0; look < 32; look++) {
      if (is_there()) return true;
      Pause();
    }
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::yield();
  }
  return true;
}

// A worker counts itself as active, then looks whether the round is open; the caller closes the round, then waits until none is active. So a round ends
// without those that sleep too long for it, and none of them works on what has ended. For the same reason one who goes to sleep says so before it looks for
// the last time. All of these are operations on atomic numbers in one order.
class Workers {
 public:
  Workers() : count_(Cores() - 1) {
    for (int index = 0; index < count_; index++) std::thread([this] { Serve(); }).detach();
  }

  void Run(int count, Tasks *tasks) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (count_ < 1 || count < 2 || !turn.owns_lock()) {
      for (int task = 0; task < count; task++) tasks->Run(task);
      return;
    }
    tasks_ = tasks;
    end_ = count;
    next_ = 0;
    is_open_ = true;
    round_++;
    WakeUp(sleeping_, started_);
    Work();
    is_open_ = false;
    const auto is_done = [this] { return active_ == 0; };
    if (!Appears(is_done)) SleepUntil(is_done, waiting_, finished_);
  }

 private:
  void Work() {
    for (int task = next_++; task < end_; task = next_++) tasks_->Run(task);
  }

  void Serve() {
    for (long served = 0;;) {
      const auto has_begun = [&] { return round_ != served; };
      if (!Appears(has_begun)) SleepUntil(has_begun, sleeping_, started_);
      served = round_;
      active_++;
      if (is_open_) Work();
      if (--active_ == 0) WakeUp(waiting_, finished_);
    }
  }

  template <typename F>
  void SleepUntil(F is_there, std::atomic<int> &sleepers, std::condition_variable &signal) {
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers++;
    signal.wait(lock, is_there);
    sleepers--;
  }

  void WakeUp(const std::atomic<int> &sleepers, std::condition_variable &signal) {
    if (sleepers == 0) return;
    // Who has looked in vain waits for the signal when it gives the lock away.
    { const std::lock_guard<std::mutex> lock(mutex_); }
    signal.notify_all();
  }

  const int count_;
  std::mutex turn_, mutex_;
  std::condition_variable started_, finished_;
  Tasks *tasks_ = nullptr;
  int end_ = 0;
  std::atomic<long> round_{0};
  std::atomic<bool> is_open_{false};
  std::atomic<int> next_{0}, active_{0}, sleeping_{0}, waiting_{0};
};

}  // namespace

int Cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void RunOnAllCores(int count, Tasks *tasks) {
  // Never destroyed: the threads wait in it until the process ends.
  static Workers *const workers = new Workers;
  workers->Run(count, tasks);
}

}  // namespace transferkit
