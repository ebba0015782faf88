#ifndef TRANSFERKIT_WORKERS_H_
#define TRANSFERKIT_WORKERS_H_

namespace transferkit {

// Work that is cut into tasks. `Run` may be called by several threads at once, with different tasks.
class Tasks {
 public:
  virtual void Run(int task) = 0;

 protected:
  ~Tasks() = default;
};

// Number of threads that work at once.
int Cores();

// Runs tasks 0 to count - 1 on all cores, and returns when all are done. The calling thread works, too; while another
// call keeps the other threads busy, it works alone.
void RunOnAllCores(int count, Tasks *tasks);

}  // namespace transferkit

#endif  // TRANSFERKIT_WORKERS_H_
