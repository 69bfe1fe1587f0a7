/* A wall clock that runs off: loaded before the C library into every process of one cluster.

   RELOVE_CHAOS_CLOCK names a file of 8 bytes, the seconds by which the clock is wrong. What counts on without
   being set (CLOCK_MONOTONIC, CLOCK_BOOTTIME) stays true, as it does when a machine's clock is set. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long long *wrong_by;

__attribute__((constructor)) static void open_clock(void)
{
    const char *path = getenv("RELOVE_CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *found = mmap(NULL, sizeof *wrong_by, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (found != MAP_FAILED)
        wrong_by = found;
}

int clock_gettime(clockid_t which, struct timespec *when)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(which, when);
    if (answer == 0 && wrong_by && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        when->tv_sec += *wrong_by;
    return answer;
}

int gettimeofday(struct timeval *restrict when, void *restrict zone)
{
    struct timespec found;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &found))
        return -1;
    when->tv_sec = found.tv_sec;
    when->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *when)
{
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (when)
        *when = found.tv_sec;
    return found.tv_sec;
}

/* the kernel waits by its own clock */
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    static int (*real)(sem_t *, const struct timespec *);
    struct timespec corrected = *until;
    if (!real)
        real = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    if (wrong_by)
        corrected.tv_sec -= *wrong_by;
    return real(semaphore, &corrected);
}
