/* LD_PRELOAD shim: epoll_wait polls instead of sleeping.
 *
 * A load generator that is faster than the server sleeps between answers, and the server pays for
 * waking it: a write to a socket whose reader sleeps costs several microseconds more. With this the
 * generator burns its own core, and what is measured is the server.
 *
 *   cc -O2 -shared -fPIC -o poll.so poll.c -ldl
 *   LD_PRELOAD=./poll.so wrk ...
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/epoll.h>
#include <time.h>

typedef int (*epoll_wait_function)(int, struct epoll_event *, int, int);

static long long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout) {
  static epoll_wait_function real;
  if (!real) real = (epoll_wait_function)dlsym(RTLD_NEXT, "epoll_wait");
  long long deadline = timeout > 0 ? now_ms() + timeout : 0;
  for (;;) {
    int count = real(epoll, events, max, 0);
    if (count != 0 || timeout == 0) return count;
    if (timeout > 0 && now_ms() >= deadline) return 0;
  }
}
