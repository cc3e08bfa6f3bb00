/* HTTP load over kept-alive connections, for one server or for several processes of one.
 *
 *   cc -O2 -o http http.c
 *   ./http PORT[,PORT...] PATH JAR REQUESTS CONNECTIONS
 *
 * JAR holds one Cookie header a line, one line for each user. Each request is for a user chosen at
 * random, who has no other request under way, and brings the cookie of the last answer to that user,
 * as a browser does. Connections are spread over the ports, so users meet the processes at random, as
 * behind a balancer. At the end JAR holds the newest cookies. Prints the requests and the seconds.
 *
 * It polls and never sleeps: a server pays several microseconds for waking a reader that sleeps.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BUFFER 32768

typedef struct {
  int fd;
  int user;
  size_t filled;
  char data[BUFFER + 1];
} connection;

static char **cookies;
static char *is_busy;
static int users, wanted, sent, answered;
static const char *path;
static unsigned long long seed;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "not what was asked for");
  exit(1);
}

static unsigned next_random(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (unsigned)(seed >> 32);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void read_jar(const char *name) {
  FILE *file = fopen(name, "r");
  char *line = NULL;
  size_t size = 0;
  if (!file) fail(name);
  for (ssize_t length; (length = getline(&line, &size, file)) >= 0;) {
    if (length > 0 && line[length - 1] == '\n') line[length - 1] = 0;
    cookies = realloc(cookies, (users + 1) * sizeof *cookies);
    cookies[users++] = strdup(line);
  }
  fclose(file);
  is_busy = calloc(users, 1);
}

static void write_jar(const char *name) {
  FILE *file = fopen(name, "w");
  if (!file) fail(name);
  for (int i = 0; i < users; i++) fprintf(file, "%s\n", cookies[i]);
  fclose(file);
}

static void ask(connection *to) {
  char text[BUFFER];
  do to->user = next_random() % users;
  while (is_busy[to->user]);
  is_busy[to->user] = 1;
  to->filled = 0;
  const char *cookie = cookies[to->user];
  int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s\r\n", path,
                        *cookie ? "Cookie: " : "", cookie, *cookie ? "\r\n" : "");
  if (length >= BUFFER || write(to->fd, text, length) != length) fail("write");
  sent++;
}

/* The user brings what the answer set. */
static void keep_cookies(const char *head, int user) {
  char jar[BUFFER] = "";
  for (const char *at = head; (at = strcasestr(at, "\r\nset-cookie: "));) {
    at += 14;
    if (*jar) strcat(jar, "; ");
    strncat(jar, at, strcspn(at, ";\r"));
  }
  if (!*jar) return;
  free(cookies[user]);
  cookies[user] = strdup(jar);
}

/* Whether an answer is there as a whole. */
static int is_complete(connection *from) {
  char *end = strstr(from->data, "\r\n\r\n");
  if (!end) return 0;
  *end = 0;
  const char *length = strcasestr(from->data, "\r\ncontent-length: ");
  size_t body = from->filled - (end + 4 - from->data);
  int all = length ? body >= (size_t)atol(length + 18)
                   : body >= 5 && !memcmp(from->data + from->filled - 5, "0\r\n\r\n", 5);
  if (!all) *end = '\r';
  return all;
}

static void answer(connection *from) {
  ssize_t got = read(from->fd, from->data + from->filled, BUFFER - from->filled);
  if (got <= 0) fail("read");
  from->data[from->filled += got] = 0;
  if (!is_complete(from)) return;
  if (strncmp(from->data, "HTTP/1.1 200", 12)) errno = 0, fail(from->data);
  keep_cookies(from->data, from->user);
  is_busy[from->user] = 0;
  answered++;
  if (sent < wanted) ask(from);
}

static connection *connect_to(int epoll, int port) {
  connection *made = calloc(1, sizeof *made);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  made->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(made->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
  setsockopt(made->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = made};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, made->fd, &event)) fail("epoll_ctl");
  return made;
}

int main(int count, char **arguments) {
  if (count != 6) errno = EINVAL, fail("http PORTS PATH JAR REQUESTS CONNECTIONS");
  int ports[64], port_count = 0, epoll = epoll_create1(0);
  for (char *port = strtok(arguments[1], ","); port && port_count < 64; port = strtok(NULL, ","))
    ports[port_count++] = atoi(port);
  path = arguments[2];
  read_jar(arguments[3]);
  wanted = atoi(arguments[4]);
  int connections = atoi(arguments[5]);
  if (users <= connections) errno = EINVAL, fail("more users than connections are needed");
  seed = (unsigned long long)(seconds() * 1e9) | 1;
  connection **all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) all[i] = connect_to(epoll, ports[i % port_count]);
  double began = seconds();
  for (int i = 0; i < connections && sent < wanted; i++) ask(all[i]);
  struct epoll_event ready[64];
  while (answered < wanted) {
    int some = epoll_wait(epoll, ready, 64, 0);
    for (int i = 0; i < some; i++) answer(ready[i].data.ptr);
    if (seconds() - began > 120) errno = ETIMEDOUT, fail("no answer");
  }
  double took = seconds() - began;
  write_jar(arguments[3]);
  printf("%d %.6f\n", answered, took);
  return 0;
}
