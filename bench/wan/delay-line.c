/*
 * A link with a round trip: a TUN device in each of two network namespaces, and between them a queue for each
 * direction that holds every packet for the same time. Linux only.
 *
 *   delay-line PID_ONE PID_OTHER DELAY_MICROSECONDS LOSS_PER_MILLION
 *
 * The namespaces are those of the two processes; the device is called wan0 in both. Prints "ready" when they exist.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
  PACKET_BYTES = 2048, /* more than the device's MTU of 1500 */
  QUEUE_PACKETS = 16384, /* 24 MB: 490 MB/s at 50 ms one way; what comes beyond is dropped, as a router does */
  READ_AT_ONCE = 64, /* between two looks at the clock */
};

static const int64_t SECOND = 1000000000;

struct packet {
  int64_t due;
  size_t length;
  unsigned char bytes[PACKET_BYTES];
};

struct direction {
  int from, to;
  int64_t delay;
  unsigned loss;
  unsigned seed;
  struct packet *queue;
  uint32_t first, next; /* counted up for ever; the slot is the remainder */
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * SECOND + time.tv_nsec;
}

static int open_device(const char *pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
  int namespace = open(path, O_RDONLY | O_CLOEXEC);
  if (namespace < 0 || setns(namespace, CLONE_NEWNET) < 0) fail(path);
  close(namespace);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "wan0");
  if (ioctl(device, TUNSETIFF, &request) < 0) fail("TUNSETIFF");
  return device;
}

/* Takes what waits at the device into the queue. */
static void take_in(struct direction *way) {
  unsigned char dropped[PACKET_BYTES];
  for (int count = 0; count < READ_AT_ONCE; count++) {
    bool full = way->next - way->first == QUEUE_PACKETS;
    bool lost = way->loss > 0 && (unsigned)rand_r(&way->seed) % 1000000 < way->loss;
    struct packet *slot = &way->queue[way->next % QUEUE_PACKETS];
    bool kept = !full && !lost;
    ssize_t length = read(way->from, kept ? slot->bytes : dropped, PACKET_BYTES);
    if (length <= 0) return;
    if (!kept) continue;
    slot->length = (size_t)length;
    slot->due = now() + way->delay;
    way->next++;
  }
}

/* Lets out what has been held long enough; gives the nanoseconds until the next packet, or -1 with none. */
static int64_t let_out(struct direction *way) {
  int64_t time = now();
  while (way->first != way->next) {
    struct packet *packet = &way->queue[way->first % QUEUE_PACKETS];
    if (packet->due > time) return packet->due - time;
    /* A device whose own queue is full drops the packet, as a link would. */
    if (write(way->to, packet->bytes, packet->length) < 0) { }
    way->first++;
  }
  return -1;
}

static void *carry(void *argument) {
  struct direction *way = argument;
  for (;;) {
    int64_t wait = let_out(way);
    struct timespec timeout = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
    struct pollfd readable = {.fd = way->from, .events = POLLIN};
    if (ppoll(&readable, 1, wait < 0 ? NULL : &timeout, NULL) > 0) take_in(way);
  }
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: delay-line PID_ONE PID_OTHER DELAY_MICROSECONDS LOSS_PER_MILLION\n");
    return 2;
  }
  int devices[2] = {open_device(arguments[1]), open_device(arguments[2])};
  struct direction ways[2];
  pthread_t threads[2];
  for (int index = 0; index < 2; index++) {
    ways[index] = (struct direction){
      .from = devices[index],
      .to = devices[1 - index],
      .delay = strtoll(arguments[3], NULL, 10) * 1000,
      .loss = (unsigned)strtoul(arguments[4], NULL, 10),
      .seed = 1 + (unsigned)index,
      .queue = calloc(QUEUE_PACKETS, sizeof(struct packet)),
    };
    if (ways[index].queue == NULL) fail("calloc");
  }
  for (int index = 0; index < 2; index++) {
    if (pthread_create(&threads[index], NULL, carry, &ways[index]) != 0) fail("pthread_create");
  }
  puts("ready");
  fflush(stdout);
  pthread_join(threads[0], NULL);
}
