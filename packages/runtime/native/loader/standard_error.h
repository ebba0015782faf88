#ifndef TRANSFERKIT_STANDARD_ERROR_H_
#define TRANSFERKIT_STANDARD_ERROR_H_

namespace transferkit {

// Holds back what is written to standard error while it lives, and passes it on at the end, without two notes that
// TensorFlow prints whenever it is loaded and that no setting of its own turns off. If the process dies in between,
// everything is passed on.
class StandardErrorFilter {
 public:
  StandardErrorFilter();
  ~StandardErrorFilter();
  StandardErrorFilter(const StandardErrorFilter &) = delete;
  StandardErrorFilter &operator=(const StandardErrorFilter &) = delete;
};

}  // namespace transferkit

#endif  // TRANSFERKIT_STANDARD_ERROR_H_
