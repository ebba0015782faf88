#include "standard_error.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace transferkit {

namespace {

constexpr int kDeadlySignals[] = {SIGABRT, SIGILL, SIGSEGV, SIGBUS};
constexpr size_t kSignalCount = sizeof(kDeadlySignals) / sizeof(kDeadlySignals[0]);

// A signal handler can reach nothing else. Both are -1 while nothing is held back.
int terminal = -1;
int held = -1;
struct sigaction previous[kSignalCount];

void WriteAll(int file, const char *text, size_t length) {
  while (length > 0) {
    const ssize_t written = write(file, text, length);
    if (written <= 0) return;
    text += written;
    length -= static_cast<size_t>(written);
  }
}

// Uses only what a signal handler may use.
void PassOnEverything() {
  char buffer[4096];
  lseek(held, 0, SEEK_SET);
  for (ssize_t count = read(held, buffer, sizeof buffer); count > 0; count = read(held, buffer, sizeof buffer)) {
    WriteAll(terminal, buffer, static_cast<size_t>(count));
  }
}

void OnDeadlySignal(int signal_number) {
  dup2(terminal, STDERR_FILENO);
  PassOnEverything();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

bool IsNote(const std::string &line) {
  return line.find("oneDNN custom operations are on.") != std::string::npos ||
         line.find("All log messages before absl::InitializeLog() is called") != std::string::npos;
}

void PassOnWithoutNotes() {
  std::string text;
  char buffer[4096];
  lseek(held, 0, SEEK_SET);
  for (ssize_t count = read(held, buffer, sizeof buffer); count > 0; count = read(held, buffer, sizeof buffer)) {
    text.append(buffer, static_cast<size_t>(count));
  }
  for (size_t start = 0; start < text.size();) {
    const size_t found = text.find('\n', start);
    const size_t end = found == std::string::npos ? text.size() : found + 1;
    const std::string line = text.substr(start, end - start);
    if (!IsNote(line)) WriteAll(STDERR_FILENO, line.data(), line.size());
    start = end;
  }
}

}  // namespace

StandardErrorFilter::StandardErrorFilter() {
  terminal = dup(STDERR_FILENO);
  held = memfd_create("transferkit", MFD_CLOEXEC);
  if (terminal < 0 || held < 0) return;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = OnDeadlySignal;
  for (size_t i = 0; i < kSignalCount; i++) sigaction(kDeadlySignals[i], &action, &previous[i]);
  dup2(held, STDERR_FILENO);
}

StandardErrorFilter::~StandardErrorFilter() {
  if (terminal >= 0 && held >= 0) {
    dup2(terminal, STDERR_FILENO);
    for (size_t i = 0; i < kSignalCount; i++) sigaction(kDeadlySignals[i], &previous[i], nullptr);
    PassOnWithoutNotes();
  }
  if (held >= 0) close(held);
  if (terminal >= 0) close(terminal);
  held = terminal = -1;
}

}  // namespace transferkit
