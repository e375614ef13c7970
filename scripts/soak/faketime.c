/* The clock of a process that preloads this: milliseconds since 1970, an int64 in the file SOAK_CLOCK, which
   scripts/soak/faketime.py sets. The monotonic clock stays true. It allocates nothing, since allocators look at the clock. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic(volatile int64_t *) shown;

/* Returns the faked milliseconds, or -1 before there are any. */
static int64_t faked(void) {
    volatile int64_t *ms = shown;
    if (!ms) {
        const char *path = getenv("SOAK_CLOCK");
        int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (file < 0) return -1;
        void *mapped = mmap(NULL, sizeof *ms, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (mapped == MAP_FAILED) return -1;
        shown = ms = mapped;
    }
    return *ms;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int64_t ms = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? faked() : -1;
    if (ms < 0) return (int)syscall(SYS_clock_gettime, clock, time);
    time->tv_sec = ms / 1000;
    time->tv_nsec = ms % 1000 * 1000000;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *time) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (time) *time = now.tv_sec;
    return now.tv_sec;
}
