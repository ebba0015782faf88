#include "workers.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace transferkit {

namespace {

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
    {
      std::lock_guard<std::mutex> lock(mutex_);
      tasks_ = tasks;
      end_ = count;
      next_ = 0;
      busy_ = count_;
      round_++;
    }
    started_.notify_all();
    Work();
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void Work() {
    for (int task = next_++; task < end_; task = next_++) tasks_->Run(task);
  }

  void Serve() {
    for (long served = 0;;) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        started_.wait(lock, [&] { return round_ != served; });
        served = round_;
      }
      Work();
      std::lock_guard<std::mutex> lock(mutex_);
      if (--busy_ == 0) finished_.notify_one();
    }
  }

  const int count_;
  std::mutex turn_, mutex_;
  std::condition_variable started_, finished_;
  Tasks *tasks_ = nullptr;
  int end_ = 0, busy_ = 0;
  long round_ = 0;
  std::atomic<int> next_{0};
};

}  // namespace

int Cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void RunOnAllCores(int count, Tasks *tasks) {
  // Never destroyed: the threads wait in it until the process ends.
  static Workers *const workers = new Workers;
  workers->Run(count, tasks);
}

}  // namespace transferkit
