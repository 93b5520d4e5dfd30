/* SPDX-License-Identifier: MIT
 *
 * fail: a library that is loaded before the others (LD_PRELOAD) and makes calls of the C library
 * fail.
 *
 *   FAULTS='CALLS:N:WHAT[:COUNT[:STEP]] ...'
 *     CALLS   names with commas between; they share one count
 *     N       the first call that fails, from 1
 *     WHAT    an error, as ENOSPC; SHORT: less is read or written than was asked for, as little as
 *             the kernel may do; KILL: the process ends there, as by kill -9
 *     COUNT   how many calls fail (default 1; 0: all that follow)
 *     STEP    each STEP-th call only (default 1)
 *   FAULTS_SHARED=FILE   it gets, as 32-bit words, how many calls were made to fail, and then how
 *                        often each call was made, in the order of the table below
 *   FAULTS_CHEAP=1       crypt_r and syncs that do not fail cost nothing: nobody cuts the power
 *
 * It covers every call in the table below. tests/faults/left-out says, of each function that the
 * programs import and this library does not cover, why not; tests/process/61-faults.t compares both
 * with the programs. A call that fails does nothing, except close, which closes all the same, as
 * Linux does.
 */
#include <errno.h>
#include <fcntl.h>
#include <crypt.h>
#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <regex.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* One place for each; tests/faults/faults.pl reads this list, too. */
/* clang-format off */
#define CALLS(X) \
	X(malloc) X(calloc) X(realloc) X(mmap) X(munmap) X(madvise) \
	X(open) X(openat) X(close) X(read) X(pread) X(write) X(pwrite) X(pwritev) X(fdatasync) \
	X(fsync) X(sync_file_range) X(ftruncate) X(fallocate) X(stat) X(fstat) X(lstat) \
	X(fstatvfs) X(fchmod) X(flock) X(access) X(faccessat) X(lseek) X(fcntl) X(rename) \
	X(renameat) X(link) X(unlink) X(unlinkat) X(mkdir) X(rmdir) X(mkostemp) X(fflush) \
	X(socket) X(bind) X(listen) X(connect) X(accept4) X(getsockname) X(getsockopt) \
	X(setsockopt) X(recv) X(send) X(sendto) X(shutdown) X(getaddrinfo) X(getnameinfo) \
	X(epoll_create1) X(epoll_ctl) X(epoll_wait) X(eventfd) X(signalfd) X(poll) \
	X(pthread_create) X(sem_wait) X(sem_trywait) X(sem_timedwait) X(getrandom) X(crypt_r) \
	X(opendir) X(readdir) X(realpath) \
	X(getrlimit) X(setrlimit) X(gmtime_r) X(localtime_r) X(regcomp) X(regexec) \
	X(isatty) X(ioctl) X(tcgetattr) X(tcsetattr) X(tcgetpgrp) \
	X(prctl) X(syscall) X(setuid) X(setresuid) X(setresgid) X(initgroups) X(lchown) X(getpwnam)
/* clang-format on */

enum call {
#define X(name) CALL_##name,
	CALLS(X)
#undef X
		CALL_COUNT,
};

static const char *const names[] = {
#define X(name) #name,
	CALLS(X)
#undef X
};

enum { WHAT_NONE = 0, WHAT_SHORT = -1, WHAT_KILL = -2, RULES_MAX = 64, FDS_MAX = 65536 };

static const struct {
	const char *name;
	int what;
} whats[] = {
	{ "SHORT", WHAT_SHORT },
	{ "KILL", WHAT_KILL },
	{ "EACCES", EACCES },
	{ "EADDRINUSE", EADDRINUSE },
	{ "EADDRNOTAVAIL", EADDRNOTAVAIL },
	{ "EAGAIN", EAGAIN },
	{ "ECONNABORTED", ECONNABORTED },
	{ "ECONNREFUSED", ECONNREFUSED },
	{ "ECONNRESET", ECONNRESET },
	{ "EDQUOT", EDQUOT },
	{ "EEXIST", EEXIST },
	{ "EFBIG", EFBIG },
	{ "EINTR", EINTR },
	{ "EINVAL", EINVAL },
	{ "EIO", EIO },
	{ "ELOOP", ELOOP },
	{ "EMFILE", EMFILE },
	{ "ENETUNREACH", ENETUNREACH },
	{ "ENFILE", ENFILE },
	{ "ENOBUFS", ENOBUFS },
	{ "ENOENT", ENOENT },
	{ "ENOLCK", ENOLCK },
	{ "ENOMEM", ENOMEM },
	{ "ENOSPC", ENOSPC },
	{ "ENOSYS", ENOSYS },
	{ "ENOTCONN", ENOTCONN },
	{ "ENOTTY", ENOTTY },
	{ "EOPNOTSUPP", EOPNOTSUPP },
	{ "EOVERFLOW", EOVERFLOW },
	{ "EPERM", EPERM },
	{ "EPIPE", EPIPE },
	{ "EROFS", EROFS },
	{ "ETIMEDOUT", ETIMEDOUT },
};

struct rule {
	bool calls[CALL_COUNT];
	uint32_t first;
	uint32_t count;
	uint32_t step;
	int what;
	_Atomic uint32_t seen;
};

struct shared {
	_Atomic uint32_t failed;
	_Atomic uint32_t calls[CALL_COUNT];
};

static struct shared own;
static struct shared *shared = &own;
static struct rule rules[RULES_MAX];
static size_t rule_count;
static bool is_on;
static _Thread_local bool is_inside; /* of a call whose own calls do not fail */
static bool is_cheap;
/* Of eventfd and signalfd: they give all or nothing. */
static bool is_whole[FDS_MAX];

static _Noreturn void wrong(const char *text)
{
	fprintf(stderr, "fail: cannot read '%s'\n", text);
	_exit(99);
}

static void read_rule(const char *text, char *one)
{
	struct rule *rule = &rules[rule_count++];
	char *fields[5] = { NULL };
	char *rest = NULL;
	size_t count = 0;

	for (char *f = strtok_r(one, ":", &rest); f != NULL && count < 5;
	     f = strtok_r(NULL, ":", &rest))
		fields[count++] = f;
	if (count < 3 || rule_count == RULES_MAX)
		wrong(text);
	for (char *name = strtok_r(fields[0], ",", &rest); name != NULL;
	     name = strtok_r(NULL, ",", &rest)) {
		bool is_known = false;

		for (size_t i = 0; i < CALL_COUNT; i++)
			if (strcmp(names[i], name) == 0)
				is_known = rule->calls[i] = true;
		if (!is_known)
			wrong(name);
	}
	rule->first = (uint32_t)strtoul(fields[1], NULL, 10);
	for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++)
		if (strcmp(whats[i].name, fields[2]) == 0)
			rule->what = whats[i].what;
	rule->count = count > 3 ? (uint32_t)strtoul(fields[3], NULL, 10) : 1;
	rule->step = count > 4 ? (uint32_t)strtoul(fields[4], NULL, 10) : 1;
	if (rule->what == WHAT_NONE || rule->first == 0 || rule->step == 0)
		wrong(text);
}

/* Not through what it covers: those calls are not the program's. */
__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("FAULTS_SHARED");
	const char *text = getenv("FAULTS");
	char copy[8192];
	char *rest = NULL;

	if (file != NULL) {
		int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC);
		long memory = syscall(SYS_mmap, 0L, sizeof *shared, PROT_READ | PROT_WRITE,
		                      MAP_SHARED, fd, 0);

		if (fd < 0 || memory == -1)
			wrong(file);
		shared = (struct shared *)memory;
		(void)syscall(SYS_close, fd);
	}
	if (text != NULL) {
		if (strlen(text) >= sizeof copy)
			wrong(text);
		strcpy(copy, text);
		for (char *one = strtok_r(copy, " ", &rest); one != NULL;
		     one = strtok_r(NULL, " ", &rest))
			read_rule(text, one);
	}
	is_cheap = getenv("FAULTS_CHEAP") != NULL;
	is_on = true;
}

/* What is to happen to this call: WHAT_NONE, WHAT_SHORT or an errno value, which is set. */
static int fault(enum call call)
{
	int what = WHAT_NONE;

	if (!is_on || is_inside)
		return WHAT_NONE;
	atomic_fetch_add(&shared->calls[call], 1);
	for (size_t i = 0; i < rule_count; i++) {
		struct rule *rule = &rules[i];
		uint32_t seen;

		if (!rule->calls[call])
			continue;
		seen = atomic_fetch_add(&rule->seen, 1) + 1;
		if (seen < rule->first || (seen - rule->first) % rule->step != 0 ||
		    (rule->count != 0 && (seen - rule->first) / rule->step >= rule->count))
			continue;
		what = rule->what;
	}
	if (what == WHAT_NONE)
		return what;
	atomic_fetch_add(&shared->failed, 1);
	if (what == WHAT_KILL) {
		(void)kill(getpid(), SIGKILL);
		_exit(98);
	}
	if (what > 0)
		errno = what;
	return what;
}

static void note_whole(int fd, bool whole)
{
	if (fd >= 0 && fd < FDS_MAX)
		is_whole[fd] = whole;
}

/* The next library's function of this name. */
#define NEXT(name)                                                         \
	({                                                                 \
		static __typeof__(&name) next;                             \
		if (next == NULL)                                          \
			next = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
		next;                                                      \
	})

/* A call that fails with `failed`. */
#define PLAIN(type, name, failed, parameters, arguments) \
	type name parameters                             \
	{                                                \
		if (fault(CALL_##name) > 0)              \
			return failed;                   \
		return NEXT(name) arguments;             \
	}

/* A call that gives its error back, and does not set errno. */
#define GIVES(type, name, error, parameters, arguments) \
	type name parameters                            \
	{                                               \
		int what = fault(CALL_##name);          \
                                                        \
		if (what > 0)                           \
			return error;                   \
		return NEXT(name) arguments;            \
	}

/* ---- memory ---- */

PLAIN(void *, malloc, NULL, (size_t size), (size))
PLAIN(void *, calloc, NULL, (size_t count, size_t size), (count, size))
PLAIN(void *, realloc, NULL, (void *memory, size_t size), (memory, size))
PLAIN(void *, mmap, MAP_FAILED, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
      (at, size, prot, flags, fd, offset))
PLAIN(DIR *, opendir, NULL, (const char *path), (path))
PLAIN(struct dirent *, readdir, NULL, (DIR * folder), (folder))
PLAIN(char *, realpath, NULL, (const char *path, char *to), (path, to))
PLAIN(int, munmap, -1, (void *at, size_t size), (at, size))
PLAIN(int, madvise, -1, (void *at, size_t size, int advice), (at, size, advice))

/* ---- files ---- */

static mode_t mode_of(int flags, va_list values)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(values, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list values;
	mode_t mode;

	va_start(values, flags);
	mode = mode_of(flags, values);
	va_end(values);
	return fault(CALL_open) > 0 ? -1 : NEXT(open)(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	va_list values;
	mode_t mode;

	va_start(values, flags);
	mode = mode_of(flags, values);
	va_end(values);
	return fault(CALL_openat) > 0 ? -1 : NEXT(openat)(at, path, flags, mode);
}

int close(int fd)
{
	int what = fault(CALL_close);
	int result;

	note_whole(fd, false);
	result = NEXT(close)(fd);
	if (what <= 0)
		return result;
	errno = what;
	return -1;
}

/* How much of `size` is done at once. What goes past the page cache goes in whole blocks. */
static size_t cut(int what, const void *data, size_t size, int fd)
{
	enum { BLOCK = 4096 };

	if (what != WHAT_SHORT || size <= 1 || (fd >= 0 && fd < FDS_MAX && is_whole[fd]))
		return size;
	if ((uintptr_t)data % 512 == 0 && size % 512 == 0)
		return size < BLOCK ? size : BLOCK;
	return 1;
}

#define PART(name, parameters, data, size, fd, arguments) \
	ssize_t name parameters                           \
	{                                                 \
		int what = fault(CALL_##name);            \
                                                          \
		if (what > 0)                             \
			return -1;                        \
		size = cut(what, data, size, fd);         \
		return NEXT(name) arguments;              \
	}

PART(read, (int fd, void *data, size_t size), (void *)1, size, fd, (fd, data, size))
PART(pread, (int fd, void *data, size_t size, off_t offset), data, size, fd,
     (fd, data, size, offset))
PART(write, (int fd, const void *data, size_t size), (void *)1, size, fd, (fd, data, size))
PART(pwrite, (int fd, const void *data, size_t size, off_t offset), data, size, fd,
     (fd, data, size, offset))
PART(recv, (int fd, void *data, size_t size, int flags), (void *)1, size, fd,
     (fd, data, size, flags))
PART(send, (int fd, const void *data, size_t size, int flags), (void *)1, size, fd,
     (fd, data, size, flags))
PART(getrandom, (void *data, size_t size, unsigned flags), (void *)1, size, -1, (data, size, flags))

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	int what = fault(CALL_pwritev);

	if (what > 0)
		return -1;
	if (what == WHAT_SHORT && count > 0) {
		size_t size = cut(what, parts[0].iov_base, parts[0].iov_len, fd);

		return NEXT(pwrite)(fd, parts[0].iov_base, size, offset);
	}
	return NEXT(pwritev)(fd, parts, count, offset);
}

int fdatasync(int fd)
{
	return fault(CALL_fdatasync) > 0 ? -1 : is_cheap ? 0 : NEXT(fdatasync)(fd);
}

int fsync(int fd)
{
	return fault(CALL_fsync) > 0 ? -1 : is_cheap ? 0 : NEXT(fsync)(fd);
}

int sync_file_range(int fd, off_t offset, off_t size, unsigned flags)
{
	if (fault(CALL_sync_file_range) > 0)
		return -1;
	return is_cheap ? 0 : NEXT(sync_file_range)(fd, offset, size, flags);
}

PLAIN(int, ftruncate, -1, (int fd, off_t size), (fd, size))
PLAIN(int, fallocate, -1, (int fd, int mode, off_t offset, off_t size), (fd, mode, offset, size))
PLAIN(int, fstat, -1, (int fd, struct stat *status), (fd, status))
PLAIN(int, stat, -1, (const char *path, struct stat *status), (path, status))
PLAIN(int, lstat, -1, (const char *path, struct stat *status), (path, status))
PLAIN(int, fstatvfs, -1, (int fd, struct statvfs *status), (fd, status))
PLAIN(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
PLAIN(int, flock, -1, (int fd, int operation), (fd, operation))
PLAIN(int, access, -1, (const char *path, int mode), (path, mode))
PLAIN(int, faccessat, -1, (int at, const char *path, int mode, int flags), (at, path, mode, flags))
PLAIN(off_t, lseek, -1, (int fd, off_t offset, int whence), (fd, offset, whence))
PLAIN(int, rename, -1, (const char *from, const char *to), (from, to))
PLAIN(int, renameat, -1, (int a, const char *from, int b, const char *to), (a, from, b, to))
PLAIN(int, link, -1, (const char *from, const char *to), (from, to))
PLAIN(int, unlink, -1, (const char *path), (path))
PLAIN(int, unlinkat, -1, (int at, const char *path, int flags), (at, path, flags))
PLAIN(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
PLAIN(int, rmdir, -1, (const char *path), (path))
PLAIN(int, mkostemp, -1, (char *path, int flags), (path, flags))

int fcntl(int fd, int command, ...)
{
	va_list values;
	void *argument;

	va_start(values, command);
	argument = va_arg(values, void *);
	va_end(values);
	return fault(CALL_fcntl) > 0 ? -1 : NEXT(fcntl)(fd, command, argument);
}

int fflush(FILE *stream)
{
	return fault(CALL_fflush) > 0 ? EOF : NEXT(fflush)(stream);
}

/* ---- sockets ---- */

PLAIN(int, socket, -1, (int domain, int type, int protocol), (domain, type, protocol))
PLAIN(int, bind, -1, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
PLAIN(int, listen, -1, (int fd, int backlog), (fd, backlog))
PLAIN(int, connect, -1, (int fd, const struct sockaddr *address, socklen_t size),
      (fd, address, size))
PLAIN(int, accept4, -1,
      (int fd, struct sockaddr *restrict address, socklen_t *restrict size, int flags),
      (fd, address, size, flags))
PLAIN(int, getsockname, -1, (int fd, struct sockaddr *restrict address, socklen_t *restrict size),
      (fd, address, size))
PLAIN(int, getsockopt, -1,
      (int fd, int level, int name, void *restrict value, socklen_t *restrict size),
      (fd, level, name, value, size))
PLAIN(int, setsockopt, -1, (int fd, int level, int name, const void *value, socklen_t size),
      (fd, level, name, value, size))
PLAIN(ssize_t, sendto, -1,
      (int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
       socklen_t length),
      (fd, data, size, flags, to, length))
PLAIN(int, shutdown, -1, (int fd, int how), (fd, how))

/* EAI_SYSTEM has its reason in errno. */
static int resolver_error(int what)
{
	return what == ENOMEM ? EAI_MEMORY : what == EAGAIN ? EAI_AGAIN : EAI_SYSTEM;
}

GIVES(int, getaddrinfo, resolver_error(what),
      (const char *restrict host, const char *restrict port, const struct addrinfo *restrict hints,
       struct addrinfo **restrict found),
      (host, port, hints, found))
GIVES(int, getnameinfo, resolver_error(what),
      (const struct sockaddr *restrict address, socklen_t size, char *restrict host,
       socklen_t host_size, char *restrict port, socklen_t port_size, int flags),
      (address, size, host, host_size, port, port_size, flags))

/* ---- waiting, threads, the rest ---- */

PLAIN(int, epoll_create1, -1, (int flags), (flags))
PLAIN(int, epoll_ctl, -1, (int set, int operation, int fd, struct epoll_event *event),
      (set, operation, fd, event))
PLAIN(int, epoll_wait, -1, (int set, struct epoll_event *events, int count, int ms),
      (set, events, count, ms))
PLAIN(int, poll, -1, (struct pollfd * polled, nfds_t count, int ms), (polled, count, ms))

int eventfd(unsigned value, int flags)
{
	int fd = fault(CALL_eventfd) > 0 ? -1 : NEXT(eventfd)(value, flags);

	note_whole(fd, true);
	return fd;
}

int signalfd(int old, const sigset_t *set, int flags)
{
	int fd = fault(CALL_signalfd) > 0 ? -1 : NEXT(signalfd)(old, set, flags);

	note_whole(fd, true);
	return fd;
}

GIVES(int, pthread_create, what,
      (pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
       void *restrict argument),
      (thread, attributes, run, argument))
PLAIN(int, sem_wait, -1, (sem_t * semaphore), (semaphore))
PLAIN(int, sem_trywait, -1, (sem_t * semaphore), (semaphore))
PLAIN(int, sem_timedwait, -1, (sem_t * semaphore, const struct timespec *until), (semaphore, until))
PLAIN(int, getrlimit, -1, (__rlimit_resource_t which, struct rlimit *limit), (which, limit))
PLAIN(int, setrlimit, -1, (__rlimit_resource_t which, const struct rlimit *limit), (which, limit))
PLAIN(struct tm *, gmtime_r, NULL, (const time_t *restrict time, struct tm *restrict to),
      (time, to))
PLAIN(struct tm *, localtime_r, NULL, (const time_t *restrict time, struct tm *restrict to),
      (time, to))
/* The C library frees twice if its regcomp gets no memory in the middle. So inside of both no call
 * fails, but each fails as a whole. */
int regcomp(regex_t *restrict regex, const char *restrict pattern, int flags)
{
	int result = REG_ESPACE;

	if (fault(CALL_regcomp) > 0)
		return result;
	is_inside = true;
	result = NEXT(regcomp)(regex, pattern, flags);
	is_inside = false;
	return result;
}

int regexec(const regex_t *restrict regex, const char *restrict text, size_t count,
            regmatch_t matches[restrict count], int flags)
{
	int result = REG_ESPACE;

	if (fault(CALL_regexec) > 0)
		return result;
	is_inside = true;
	result = NEXT(regexec)(regex, text, count, matches, flags);
	is_inside = false;
	return result;
}

PLAIN(int, isatty, 0, (int fd), (fd))
PLAIN(int, tcgetattr, -1, (int fd, struct termios *mode), (fd, mode))
PLAIN(int, tcsetattr, -1, (int fd, int how, const struct termios *mode), (fd, how, mode))
PLAIN(pid_t, tcgetpgrp, -1, (int fd), (fd))

int ioctl(int fd, unsigned long request, ...)
{
	va_list values;
	void *argument;

	va_start(values, request);
	argument = va_arg(values, void *);
	va_end(values);
	return fault(CALL_ioctl) > 0 ? -1 : NEXT(ioctl)(fd, request, argument);
}

/* A sanitizer calls it at the start, and does not bear that it fails. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
	int result;

	is_inside = true;
	result = NEXT(pthread_getattr_np)(thread, attributes);
	is_inside = false;
	return result;
}

/* ---- rights ---- */

PLAIN(int, setuid, -1, (uid_t user), (user))
PLAIN(int, setresuid, -1, (uid_t real, uid_t effective, uid_t saved), (real, effective, saved))
PLAIN(int, setresgid, -1, (gid_t real, gid_t effective, gid_t saved), (real, effective, saved))
PLAIN(int, lchown, -1, (const char *path, uid_t owner, gid_t group), (path, owner, group))
/* As regcomp: the C library ends the process if it gets no memory in the middle of these. */
int initgroups(const char *user, gid_t group)
{
	int result = -1;

	if (fault(CALL_initgroups) > 0)
		return result;
	is_inside = true;
	result = NEXT(initgroups)(user, group);
	is_inside = false;
	return result;
}

struct passwd *getpwnam(const char *name)
{
	struct passwd *result = NULL;

	if (fault(CALL_getpwnam) > 0)
		return result;
	is_inside = true;
	result = NEXT(getpwnam)(name);
	is_inside = false;
	return result;
}

int prctl(int option, ...)
{
	unsigned long a[4];
	va_list values;

	va_start(values, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(values, unsigned long);
	va_end(values);
	return fault(CALL_prctl) > 0 ? -1 : NEXT(prctl)(option, a[0], a[1], a[2], a[3]);
}

long syscall(long number, ...)
{
	long a[6];
	va_list values;

	va_start(values, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(values, long);
	va_end(values);
	if (fault(CALL_syscall) > 0)
		return -1;
	return NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- passwords ---- */

/* A result of the right form that depends on both texts; real stretching takes most of a life's
 * time. */
static char *cheap_crypt(const char *text, const char *setting, char *to)
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint64_t hash = UINT64_C(14695981039346656037);
	size_t size = strlen(setting);

	memcpy(to, setting, size);
	to[size++] = '$';
	for (int i = 0; i < 43; i++) {
		for (const char *at = text; *at != '\0'; at++)
			hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
		for (const char *at = setting; *at != '\0'; at++)
			hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
		to[size++] = digits[hash >> 58];
	}
	to[size] = '\0';
	return to;
}

char *crypt_r(const char *text, const char *setting, struct crypt_data *data)
{
	if (fault(CALL_crypt_r) > 0)
		return NULL;
	return is_cheap ? cheap_crypt(text, setting, data->output)
	                : NEXT(crypt_r)(text, setting, data);
}
