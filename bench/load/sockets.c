/* A WebSocket load generator that polls and never sleeps while it measures.
 *
 *   sockets upgrade PORT PATH COOKIE CONNECTIONS SECONDS   handshakes, one after the other
 *   sockets echo    PORT PATH COOKIE CONNECTIONS SECONDS   a message of 32 bytes there and back
 *   sockets hold    PORT PATH COOKIE CONNECTIONS 0         opens them and waits
 *
 * "upgrade" and "echo" print "RESULT count seconds failures". "hold" prints "OPEN count" when all
 * are open and, when the server has closed all of them, "CLOSED count code first last": the code of
 * the last close frame, and when the first and the last socket closed, in seconds since 1970. It
 * ends then, or at the end of standard input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, PAYLOAD = 32, BUFFER = 4096, SOURCES = 32 };
enum state { CONNECTING, SHAKING, OPEN };
enum mode { UPGRADE, ECHO, HOLD };

struct connection {
  int fd;
  enum state state;
  size_t filled;
  char buffer[BUFFER];
};

static enum mode mode;
static int epoll_fd, port, wanted;
static char request[8192];
static size_t request_length;
static char frame[6 + PAYLOAD];
static long done, failures, opened, closed;
static unsigned next_source;
static double first_close, last_close;
static int close_code;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void watch(struct connection *c, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(epoll_fd, operation, c->fd, &event) < 0) die("epoll_ctl");
}

/* Takes turns among addresses of this machine, since one has too few ports for all handshakes. */
static void open_connection(struct connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  struct sockaddr_in own = {.sin_family = AF_INET};
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + next_source++ % SOURCES);
  if (bind(c->fd, (struct sockaddr *)&own, sizeof own) < 0) die("bind");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
  c->state = CONNECTING;
  c->filled = 0;
  watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void send_all(struct connection *c, const char *bytes, size_t length) {
  if (write(c->fd, bytes, length) != (ssize_t)length) failures++;
}

static void lost(struct connection *c) {
  close(c->fd);
  c->fd = -1;
  if (mode == HOLD) {
    closed++;
    last_close = now();
    if (first_close == 0) first_close = last_close;
  } else {
    failures++;
    open_connection(c);
  }
}

static void shaken(struct connection *c, char *end) {
  if (strncmp(c->buffer, "HTTP/1.1 101", 12) != 0) {
    failures++;
    close(c->fd);
    open_connection(c);
    return;
  }
  if (mode == UPGRADE) {
    static const char goodbye[8] = {(char)0x88, (char)0x82, 0, 0, 0, 0, 0x03, (char)0xe8};
    done++;
    send_all(c, goodbye, sizeof goodbye);
    close(c->fd);
    open_connection(c);
    return;
  }
  size_t head = end + 4 - c->buffer;
  memmove(c->buffer, end + 4, c->filled - head);
  c->filled -= head;
  c->state = OPEN;
  opened++;
  if (mode == ECHO) send_all(c, frame, sizeof frame);
}

/* Frames of a server have no mask; all that come here have less than 126 bytes. */
static void frames(struct connection *c) {
  while (c->filled >= 2) {
    size_t length = 2 + (c->buffer[1] & 0x7f);
    if (c->filled < length) return;
    int opcode = c->buffer[0] & 0x0f;
    if (opcode == 8 && length >= 4) {
      close_code = (unsigned char)c->buffer[2] << 8 | (unsigned char)c->buffer[3];
      static const char answer[6] = {(char)0x88, (char)0x80};
      send_all(c, answer, sizeof answer);
    } else if (opcode == 1 && mode == ECHO) {
      done++;
      send_all(c, frame, sizeof frame);
    }
    memmove(c->buffer, c->buffer + length, c->filled - length);
    c->filled -= length;
  }
}

static void readable(struct connection *c) {
  ssize_t got = read(c->fd, c->buffer + c->filled, BUFFER - 1 - c->filled);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    lost(c);
    return;
  }
  c->filled += got;
  c->buffer[c->filled] = 0;
  if (c->state == SHAKING) {
    char *end = memmem(c->buffer, c->filled, "\r\n\r\n", 4);
    if (!end) return;
    shaken(c, end);
  }
  if (c->state == OPEN) frames(c);
}

static void handle(struct connection *c, uint32_t events) {
  if (c->state == CONNECTING) {
    if (events & (EPOLLERR | EPOLLHUP)) {
      lost(c);
      return;
    }
    c->state = SHAKING;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    send_all(c, request, request_length);
  } else {
    readable(c);
  }
}

static void step(int timeout) {
  struct epoll_event events[EVENTS];
  int count = epoll_wait(epoll_fd, events, EVENTS, timeout);
  for (int i = 0; i < count; i++) handle(events[i].data.ptr, events[i].events);
}

static void measure(double seconds) {
  double warm = now() + seconds / 4;
  while (now() < warm) step(0);
  done = failures = 0;
  double began = now(), end = began + seconds, time;
  while ((time = now()) < end) step(0);
  printf("RESULT %ld %f %ld\n", done, time - began, failures);
}

static void hold(void) {
  char ignored[64];
  int told = 0;
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  for (;;) {
    step(10);
    if (opened == wanted && !told++) {
      printf("OPEN %ld\n", opened);
      fflush(stdout);
    }
    if (read(STDIN_FILENO, ignored, sizeof ignored) == 0) return;
    if (closed == wanted) {
      printf("CLOSED %ld %d %f %f\n", closed, close_code, first_close, last_close);
      return;
    }
  }
}

int main(int count, char **args) {
  if (count != 7) {
    fprintf(stderr, "sockets upgrade|echo|hold PORT PATH COOKIE CONNECTIONS SECONDS\n");
    return 2;
  }
  mode = args[1][0] == 'u' ? UPGRADE : args[1][0] == 'e' ? ECHO : HOLD;
  port = atoi(args[2]);
  wanted = atoi(args[5]);
  request_length = snprintf(
      request, sizeof request,
      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Origin: http://127.0.0.1:%d\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: %s\r\n\r\n",
      args[3], port, port, args[4]);
  if (request_length >= sizeof request) return 2;
  frame[0] = (char)0x81;
  frame[1] = (char)(0x80 | PAYLOAD);
  memcpy(frame + 2, "mask", 4);
  for (int i = 0; i < PAYLOAD; i++) frame[6 + i] = ('a' + i % 26) ^ "mask"[i % 4];

  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll_fd = epoll_create1(0);
  struct connection *all = calloc(wanted, sizeof *all);
  /* Not all at once, or the server's queue of connections overflows. */
  for (int i = 0; i < wanted; i++) {
    open_connection(&all[i]);
    while (mode == HOLD && i - opened > 64) step(1);
  }
  if (mode == HOLD) hold();
  else measure(atof(args[6]));
  return 0;
}
