/* A library, preloaded into a process, that fails or kills it at the k-th call that changes something below a folder.
 *
 *   fail_below      the folder; empty: nothing is counted
 *   fail_at         the number of the call that fails, from 1; 0: none
 *   fail_errno      the error number that it fails with; 0: the process is killed instead, before the call
 *   fail_for_good   whether every later call fails too
 *   fail_count      how many calls there were
 *   fail_what       the call that failed first, and its path
 *   fail_exchange   whether two folders cannot be swapped, as on file systems that have no way to do it
 *   log_to          a descriptor to which the name of each call is written, in order; -1: none
 *   trace_to        a descriptor to which each change that succeeded is recorded; -1: none
 *   trace_folder    where the content of each file is copied when it is synced, named by the number of the record
 *
 * Counted are the calls that open a file for writing, write, sync, cut, rename, link, unlink, make or delete folders
 * and change modes. A record is a number, a name, an inode and two paths, each ended by a NUL character, and a line
 * break; of all that is written to a file between two syncs, only the first change is recorded. A process that is
 * killed while it writes has written half.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define LONGEST (PATH_MAX + 300)

volatile long fail_at = 0, fail_count = 0;
volatile int fail_errno = ENOSPC, fail_for_good = 0, fail_exchange = 0, log_to = -1, trace_to = -1;
char fail_below[PATH_MAX] = "", fail_what[LONGEST] = "", trace_folder[PATH_MAX] = "";

/* Where a process tells its count and its fault, also one that dies: a mapped file. */
static struct report {
  long count;
  char what[LONGEST];
} *told = NULL;

static __thread int inside = 0; /* our own calls are not counted */

/* Tell the count and the fault in this file from now on. */
void fail_tell(const char *path) {
  int file = open(path, O_RDWR | O_CREAT, 0600);
  void *mapped = MAP_FAILED;
  if (file >= 0 && !ftruncate(file, sizeof *told))
    mapped = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) told = mapped;
  close(file);
}

/* A process that is started anew, not forked, gets its orders by its environment. */
__attribute__((constructor)) static void begin(void) {
  const char *given;
  if ((given = getenv("FAIL_REPORT"))) fail_tell(given);
  if ((given = getenv("FAIL_BELOW"))) snprintf(fail_below, sizeof fail_below, "%s", given);
  if ((given = getenv("FAIL_AT"))) fail_at = atol(given);
  if ((given = getenv("FAIL_ERRNO"))) fail_errno = atoi(given);
  if ((given = getenv("FAIL_FOR_GOOD"))) fail_for_good = atoi(given);
}

/* --- paths ---------------------------------------------------------------------------------------------------- */

/* The absolute path that a call names, relative to the folder of a descriptor or the working folder. */
static int absolute(int folder, const char *path, char *found) {
  if (!path) return 0;
  if (path[0] == '/') {
    snprintf(found, LONGEST, "%s", path);
    return 1;
  }
  char base[PATH_MAX];
  if (folder == AT_FDCWD) {
    if (!getcwd(base, sizeof base)) return 0;
  } else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
  }
  snprintf(found, LONGEST, "%s/%s", base, path);
  return 1;
}

static int of_descriptor(int number, char *found) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", number);
  ssize_t length = readlink(link, found, LONGEST - 1);
  if (length < 0) return 0;
  found[length] = 0;
  return found[0] == '/';
}

static int below(const char *path) {
  size_t length = strlen(fail_below);
  return length && !strncmp(path, fail_below, length) && (path[length] == '/' || !path[length]);
}

/* --- faults --------------------------------------------------------------------------------------------------- */

/* Whether a call needs no space: a full disk does not stop it. */
static int needs_none(const char *name) {
  return !strcmp(name, "unlink") || !strcmp(name, "rmdir") || !strcmp(name, "chmod");
}

static ssize_t really_write(int number, const void *bytes, size_t count);

/* Count a call; return whether it has to fail. */
static int is_due(const char *name, const char *path) {
  if (inside || !below(path)) return 0;
  long count = __sync_add_and_fetch(&fail_count, 1);
  if (told) told->count = count;
  if (log_to >= 0) {
    char line[100];
    int length = snprintf(line, sizeof line, "%s\n", name);
    really_write(log_to, line, (size_t)length);
  }
  if (!fail_at || count < fail_at || (count > fail_at && !fail_for_good)) return 0;
  if (fail_errno == ENOSPC && needs_none(name)) return 0;
  if (!fail_what[0]) snprintf(fail_what, sizeof fail_what, "%s %s", name, path);
  if (told) memcpy(told->what, fail_what, sizeof fail_what);
  return 1;
}

/* Set the error number of the fault, or die. */
static int strike(void) {
  if (!fail_errno) {
    kill(getpid(), SIGKILL);
    pause();
  }
  errno = fail_errno;
  return 1;
}

static int fails(const char *name, const char *path) { return is_due(name, path) && strike(); }

static int path_fails(const char *name, int folder, const char *path) {
  char found[LONGEST];
  int kept = errno;
  if (!fail_below[0] || !absolute(folder, path, found)) return 0;
  errno = kept;
  return fails(name, found);
}

static int descriptor_fails(const char *name, int number) {
  char found[LONGEST];
  int kept = errno;
  if (!fail_below[0] || !of_descriptor(number, found)) return 0;
  errno = kept;
  return fails(name, found);
}

/* --- the trace ------------------------------------------------------------------------------------------------ */

/* Copy what a file holds now into the folder of the trace. */
static void copy_synced(long number, int file) {
  char place[LONGEST], source[64], block[65536];
  snprintf(place, sizeof place, "%s/%ld", trace_folder, number);
  snprintf(source, sizeof source, "/proc/self/fd/%d", file);
  int from = open(source, O_RDONLY), to = open(place, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ssize_t length;
  while (from >= 0 && to >= 0 && (length = read(from, block, sizeof block)) > 0) really_write(to, block, (size_t)length);
  close(from);
  close(to);
}

/* Record a call that succeeded: its name, an inode, and up to two paths; with the content of a file that was synced. */
static void record(const char *name, unsigned long inode, const char *one, const char *other, int synced) {
  static volatile long records = 0;
  if (trace_to < 0 || inside) return;
  if (!below(one) && !(other && below(other))) return;
  int kept = errno;
  inside++;
  char line[3 * LONGEST];
  long number = __sync_add_and_fetch(&records, 1);
  if (synced >= 0) copy_synced(number, synced);
  int length = snprintf(line, sizeof line, "%ld%c%s%c%lu%c%s%c%s%c\n", number, 0, name, 0, inode, 0, one, 0,
                        other ? other : "", 0);
  really_write(trace_to, line, (size_t)length);
  inside--;
  errno = kept;
}

static void record_path(const char *name, int folder, const char *path) {
  char found[LONGEST];
  struct stat status;
  if (trace_to < 0 || !absolute(folder, path, found)) return;
  int kept = errno;
  record(name, lstat(found, &status) ? 0 : (unsigned long)status.st_ino, found, NULL, -1);
  errno = kept;
}

static void record_both(const char *name, int folder, const char *path, int other_folder, const char *other) {
  char one[LONGEST], two[LONGEST];
  struct stat status;
  if (trace_to < 0 || !absolute(folder, path, one) || !absolute(other_folder, other, two)) return;
  int kept = errno;
  record(name, lstat(two, &status) ? 0 : (unsigned long)status.st_ino, one, two, -1);
  errno = kept;
}

/* The files that were written to since they were last synced, each at a place of its inode; one that is forgotten,
 * because another came to its place, is recorded twice. */
static volatile unsigned long unsynced[4096];

/* Record the first change of what is in a file: "append" if it only adds to the end, else "write". */
static void record_write(int number) {
  char found[LONGEST];
  struct stat status;
  int kept = errno;
  if (trace_to >= 0 && !inside && !fstat(number, &status) && S_ISREG(status.st_mode) && status.st_nlink &&
      unsynced[status.st_ino % 4096] != status.st_ino && of_descriptor(number, found)) {
    unsynced[status.st_ino % 4096] = status.st_ino;
    int adds = fcntl(number, F_GETFL) & O_APPEND;
    record(adds ? "append" : "write", (unsigned long)status.st_ino, found, NULL, -1);
  }
  errno = kept;
}

static ssize_t written(int number, ssize_t result) {
  if (result > 0) record_write(number);
  return result;
}

/* Record that a file was cut, which is no mere addition, whatever its descriptor is for. */
static void record_cut(int number) {
  char found[LONGEST];
  struct stat status;
  int kept = errno;
  if (trace_to >= 0 && !inside && !fstat(number, &status) && status.st_nlink && of_descriptor(number, found))
    record("write", (unsigned long)status.st_ino, found, NULL, -1);
  errno = kept;
}

static void record_sync(int number) {
  char found[LONGEST];
  struct stat status;
  if (trace_to < 0 || inside || !of_descriptor(number, found) || fstat(number, &status)) return;
  int kept = errno;
  int is_file = S_ISREG(status.st_mode);
  if (is_file) unsynced[status.st_ino % 4096] = 0;
  record(is_file ? "sync" : "sync folder", (unsigned long)status.st_ino, found, NULL, is_file ? number : -1);
  errno = kept;
}

/* --- the calls ------------------------------------------------------------------------------------------------ */

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t really_write(int number, const void *bytes, size_t count) {
  REAL(ssize_t, "write", int, const void *, size_t);
  return real(number, bytes, count);
}

/* Fail, or die with half written: `half` writes it. */
#define WRITES(name, to, half) \
  char found[LONGEST]; \
  int kept = errno; \
  if (fail_below[0] && of_descriptor(to, found) && is_due(name, found)) { \
    if (!fail_errno) (void)!(half); \
    strike(); \
    return -1; \
  } \
  errno = kept

/* Cut some parts to their first half: of a single one, to half of its bytes. Return how many are left. */
static int half_of(const struct iovec **parts, int count, struct iovec *one) {
  if (count != 1) return count / 2;
  *one = (struct iovec){(*parts)->iov_base, (*parts)->iov_len / 2};
  *parts = one;
  return 1;
}

/* Half of what is left to copy from a file: callers ask for more than it holds. */
static size_t half_from(int from, const off64_t *offset, size_t count) {
  struct stat status;
  off64_t at = offset ? *offset : lseek64(from, 0, SEEK_CUR);
  if (fstat(from, &status) || at < 0 || status.st_size <= at) return count / 2;
  size_t left = (size_t)(status.st_size - at);
  return (left < count ? left : count) / 2;
}

ssize_t write(int to, const void *bytes, size_t count) {
  WRITES("write", to, really_write(to, bytes, count / 2));
  return written(to, really_write(to, bytes, count));
}

ssize_t pwrite(int to, const void *bytes, size_t count, off_t offset) {
  REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
  WRITES("pwrite", to, real(to, bytes, count / 2, offset));
  return written(to, real(to, bytes, count, offset));
}

ssize_t pwrite64(int to, const void *bytes, size_t count, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  WRITES("pwrite", to, real(to, bytes, count / 2, offset));
  return written(to, real(to, bytes, count, offset));
}

ssize_t writev(int to, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  struct iovec one;
  WRITES("writev", to, (count = half_of(&parts, count, &one), real(to, parts, count)));
  return written(to, real(to, parts, count));
}

#define PWRITEV(name) \
  ssize_t name(int to, const struct iovec *parts, int count, off_t offset) { \
    REAL(ssize_t, #name, int, const struct iovec *, int, off_t); \
    struct iovec one; \
    WRITES("pwritev", to, (count = half_of(&parts, count, &one), real(to, parts, count, offset))); \
    return written(to, real(to, parts, count, offset)); \
  }

#define PWRITEV2(name) \
  ssize_t name(int to, const struct iovec *parts, int count, off_t offset, int flags) { \
    REAL(ssize_t, #name, int, const struct iovec *, int, off_t, int); \
    struct iovec one; \
    WRITES("pwritev", to, (count = half_of(&parts, count, &one), real(to, parts, count, offset, flags))); \
    return written(to, real(to, parts, count, offset, flags)); \
  }

PWRITEV(pwritev)
PWRITEV(pwritev64)
PWRITEV2(pwritev2)
PWRITEV2(pwritev64v2)

ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
  REAL(ssize_t, "sendfile", int, int, off_t *, size_t);
  WRITES("sendfile", to, real(to, from, offset, half_from(from, offset, count)));
  return written(to, real(to, from, offset, count));
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t count) {
  REAL(ssize_t, "sendfile64", int, int, off64_t *, size_t);
  WRITES("sendfile", to, real(to, from, offset, half_from(from, offset, count)));
  return written(to, real(to, from, offset, count));
}

ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *offset, size_t count, unsigned flags) {
  REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
  WRITES("copy_file_range", to, real(from, start, to, offset, half_from(from, start, count), flags));
  return written(to, real(from, start, to, offset, count, flags));
}

int fsync(int number) {
  REAL(int, "fsync", int);
  if (descriptor_fails("fsync", number)) return -1;
  int result = real(number);
  if (!result) record_sync(number);
  return result;
}

int fdatasync(int number) {
  REAL(int, "fdatasync", int);
  if (descriptor_fails("fdatasync", number)) return -1;
  int result = real(number);
  if (!result) record_sync(number);
  return result;
}

int ftruncate(int number, off_t length) {
  REAL(int, "ftruncate", int, off_t);
  if (descriptor_fails("ftruncate", number)) return -1;
  int result = real(number, length);
  if (!result) record_cut(number);
  return result;
}

int ftruncate64(int number, off64_t length) {
  REAL(int, "ftruncate64", int, off64_t);
  if (descriptor_fails("ftruncate", number)) return -1;
  int result = real(number, length);
  if (!result) record_cut(number);
  return result;
}

int posix_fallocate(int number, off_t offset, off_t length) {
  REAL(int, "posix_fallocate", int, off_t, off_t);
  return descriptor_fails("fallocate", number) ? errno : real(number, offset, length);
}

#define OPENS(folder) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { \
    va_list more; \
    va_start(more, flags); \
    mode = (mode_t)va_arg(more, int); \
    va_end(more); \
  } \
  int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT); \
  if (writes && path_fails("open", folder, path)) return -1; \
  int is_new = (flags & O_CREAT) && trace_to >= 0 && faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW); \
  int is_cut = (flags & O_TRUNC) && trace_to >= 0 && !is_new

#define OPENED(folder, call) \
  int number = call; \
  if (number >= 0 && is_new) record_path("create", folder, path); \
  if (number >= 0 && is_cut) record_path("cut", folder, path); \
  return number

int open(const char *path, int flags, ...) {
  REAL(int, "open", const char *, int, ...);
  OPENS(AT_FDCWD);
  OPENED(AT_FDCWD, real(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  OPENS(AT_FDCWD);
  OPENED(AT_FDCWD, real(path, flags, mode));
}

int openat(int folder, const char *path, int flags, ...) {
  REAL(int, "openat", int, const char *, int, ...);
  OPENS(folder);
  OPENED(folder, real(folder, path, flags, mode));
}

int openat64(int folder, const char *path, int flags, ...) {
  REAL(int, "openat64", int, const char *, int, ...);
  OPENS(folder);
  OPENED(folder, real(folder, path, flags, mode));
}

int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

#define FOPENS(name) \
  REAL(FILE *, name, const char *, const char *); \
  int writes = mode[0] != 'r' || strchr(mode, '+'); \
  if (writes && path_fails("fopen", AT_FDCWD, path)) return NULL; \
  int is_new = writes && trace_to >= 0 && access(path, F_OK); \
  FILE *file = real(path, mode); \
  if (file && is_new) record_path("create", AT_FDCWD, path); \
  if (file && !is_new && mode[0] == 'w') record_path("cut", AT_FDCWD, path); \
  return file

FILE *fopen(const char *path, const char *mode) { FOPENS("fopen"); }
FILE *fopen64(const char *path, const char *mode) { FOPENS("fopen64"); }

int mkdirat(int folder, const char *path, mode_t mode) {
  REAL(int, "mkdirat", int, const char *, mode_t);
  if (path_fails("mkdir", folder, path)) return -1;
  int result = real(folder, path, mode);
  if (!result) record_path("mkdir", folder, path);
  return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int renameat2(int folder, const char *path, int other_folder, const char *other, unsigned flags) {
  REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
  if (path_fails("rename", folder, path)) return -1;
  if (fail_exchange && (flags & 2)) {
    errno = EINVAL;
    return -1;
  }
  int result = real(folder, path, other_folder, other, flags);
  if (!result) record_both(flags & 2 ? "exchange" : "rename", folder, path, other_folder, other);
  return result;
}

int renameat(int folder, const char *path, int other_folder, const char *other) {
  return renameat2(folder, path, other_folder, other, 0);
}

int rename(const char *path, const char *other) { return renameat2(AT_FDCWD, path, AT_FDCWD, other, 0); }

int linkat(int folder, const char *path, int other_folder, const char *other, int flags) {
  REAL(int, "linkat", int, const char *, int, const char *, int);
  if (path_fails("link", other_folder, other)) return -1;
  int result = real(folder, path, other_folder, other, flags);
  if (!result) record_both("link", folder, path, other_folder, other);
  return result;
}

int link(const char *path, const char *other) { return linkat(AT_FDCWD, path, AT_FDCWD, other, 0); }

int symlinkat(const char *target, int folder, const char *path) {
  REAL(int, "symlinkat", const char *, int, const char *);
  if (path_fails("symlink", folder, path)) return -1;
  int result = real(target, folder, path);
  if (!result) record_path("symlink", folder, path);
  return result;
}

int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

int unlinkat(int folder, const char *path, int flags) {
  REAL(int, "unlinkat", int, const char *, int);
  if (path_fails(flags & AT_REMOVEDIR ? "rmdir" : "unlink", folder, path)) return -1;
  char found[LONGEST];
  int known = trace_to >= 0 && absolute(folder, path, found);
  int result = real(folder, path, flags);
  if (!result && known) record(flags & AT_REMOVEDIR ? "rmdir" : "unlink", 0, found, NULL, -1);
  return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
  REAL(int, "fchmodat", int, const char *, mode_t, int);
  return path_fails("chmod", folder, path) ? -1 : real(folder, path, mode, flags);
}

int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }

int fchmod(int number, mode_t mode) {
  REAL(int, "fchmod", int, mode_t);
  return descriptor_fails("chmod", number) ? -1 : real(number, mode);
}
