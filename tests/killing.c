/* Counts the calls by which a process changes files below a folder, and ends the process before the n-th of them.
   Loaded with LD_PRELOAD; `arm` is called from Python. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char below[PATH_MAX];
static size_t length;
static atomic_long count;
static long last; /* call before which to end; 0 never */
static int armed;

void arm(const char *folder, long n) {
    if (!realpath(folder, below)) _exit(99);
    length = strlen(below);
    last = n;
    atomic_store(&count, 0);
    armed = 1;
}
long counted(void) { return atomic_load(&count); }

static void point(void) {
    if (atomic_fetch_add(&count, 1) + 1 == last) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}
static int inside(const char *path) {
    char whole[PATH_MAX];
    if (path[0] == '/') return strncmp(path, below, length) == 0;
    if (!getcwd(whole, sizeof whole)) return 0;
    return strncmp(whole, below, length) == 0;
}
static int inside_of(int fd) {
    char link[64], whole[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, whole, sizeof whole - 1);
    if (n < 0) return 0;
    whole[n] = 0;
    return strncmp(whole, below, length) == 0 && !strstr(whole, "-shm"); /* shared memory of SQLite outlives nothing */
}
static void by_path(const char *path) { if (armed && inside(path)) point(); }
static void by_fd(int fd) { if (armed && inside_of(fd)) point(); }

#define NEXT(name) static __typeof__(name) *next; if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *b, size_t n) { NEXT(write); by_fd(fd); return next(fd, b, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { NEXT(pwrite); by_fd(fd); return next(fd, b, n, at); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) { NEXT(pwrite64); by_fd(fd); return next(fd, b, n, at); }
ssize_t writev(int fd, const struct iovec *v, int n) { NEXT(writev); by_fd(fd); return next(fd, v, n); }
ssize_t sendfile(int to, int from, off_t *at, size_t n) {
    static ssize_t (*next)(int, int, off_t *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "sendfile");
    by_fd(to); return next(to, from, at, n);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t n) {
    static ssize_t (*next)(int, int, off64_t *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "sendfile64");
    by_fd(to); return next(to, from, at, n);
}
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t n, unsigned f) {
    NEXT(copy_file_range); by_fd(to); return next(from, a, to, b, n, f);
}
int ftruncate(int fd, off_t n) { NEXT(ftruncate); by_fd(fd); return next(fd, n); }
int ftruncate64(int fd, off64_t n) { NEXT(ftruncate64); by_fd(fd); return next(fd, n); }
int rename(const char *a, const char *b) { NEXT(rename); by_path(b); return next(a, b); }
int renameat(int d, const char *a, int e, const char *b) { NEXT(renameat); by_path(b); return next(d, a, e, b); }
int renameat2(int d, const char *a, int e, const char *b, unsigned f) { NEXT(renameat2); by_path(b); return next(d, a, e, b, f); }
int link(const char *a, const char *b) { NEXT(link); by_path(b); return next(a, b); }
int linkat(int d, const char *a, int e, const char *b, int f) { NEXT(linkat); by_path(b); return next(d, a, e, b, f); }
int symlink(const char *a, const char *b) { NEXT(symlink); by_path(b); return next(a, b); }
int unlink(const char *a) { NEXT(unlink); by_path(a); return next(a); }
int unlinkat(int d, const char *a, int f) { NEXT(unlinkat); if (armed && (a[0] == '/' ? inside(a) : inside_of(d))) point(); return next(d, a, f); }
int rmdir(const char *a) { NEXT(rmdir); by_path(a); return next(a); }
int mkdir(const char *a, mode_t m) { NEXT(mkdir); by_path(a); return next(a, m); }
int mkdirat(int d, const char *a, mode_t m) { NEXT(mkdirat); by_path(a); return next(d, a, m); }

static void opening(const char *a, int flags) { if (flags & (O_CREAT | O_TRUNC)) by_path(a); }
#define MODE(flags) mode_t m = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list v; va_start(v, flags); m = va_arg(v, int); va_end(v); }
int open(const char *a, int flags, ...) { MODE(flags) NEXT(open); opening(a, flags); return next(a, flags, m); }
int open64(const char *a, int flags, ...) { MODE(flags) NEXT(open64); opening(a, flags); return next(a, flags, m); }
int openat(int d, const char *a, int flags, ...) { MODE(flags) NEXT(openat); opening(a, flags); return next(d, a, flags, m); }
int openat64(int d, const char *a, int flags, ...) { MODE(flags) NEXT(openat64); opening(a, flags); return next(d, a, flags, m); }
