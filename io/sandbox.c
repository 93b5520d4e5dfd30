/* SPDX-License-Identifier: MIT
 *
 * The numbers and structures of Landlock are written down here: the headers of older systems lack
 * them, and they never change (Documentation/userspace-api/landlock.rst of Linux). Each version of
 * Landlock knows more rights than the one before; what the kernel does not know is left out.
 *
 * The filter is a program of classic BPF (seccomp(2)): it is given the number of a system call and
 * its arguments, and answers what is to happen. A call stands in one table, or, if an argument
 * decides, in a rule of its own.
 */
#include "io/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- another user ---- */

static int say(char err[SANDBOX_ERR_SIZE], const char *what, const char *name, const char *why)
{
	(void)snprintf(err, SANDBOX_ERR_SIZE, "cannot %s '%.64s': %s", what, name, why);
	return -1;
}

int sandbox_user_find(const char *name, struct sandbox_user *user, char err[SANDBOX_ERR_SIZE])
{
	const struct passwd *found;

	errno = 0;
	found = getpwnam(name);
	if (found == NULL)
		return say(err, "find the user", name,
		           errno == 0 ? "there is none of this name" : strerror(errno));
	*user = (struct sandbox_user){ .name = name, .uid = found->pw_uid, .gid = found->pw_gid };
	if (geteuid() != 0 && geteuid() != user->uid)
		return say(err, "become the user", name, "only root can");
	return 0;
}

void sandbox_user_own(const struct sandbox_user *user, const char *path)
{
	char part[4096];
	size_t size = strlen(path);

	if (geteuid() != 0 || size >= sizeof part)
		return;
	memcpy(part, path, size + 1);
	for (size_t at = 1; at <= size; at++) {
		char byte = part[at];

		if (byte != '/' && byte != '\0')
			continue;
		part[at] = '\0';
		if (mkdir(part, 0700) == 0 && lchown(part, user->uid, user->gid) != 0) {
			(void)rmdir(part); /* or it would be root's at the next start, too */
			return;
		}
		part[at] = byte;
	}
}

int sandbox_user_become(const struct sandbox_user *user, char err[SANDBOX_ERR_SIZE])
{
	if (geteuid() == user->uid && getuid() == user->uid)
		return 0;
	if (initgroups(user->name, user->gid) != 0 ||
	    setresgid(user->gid, user->gid, user->gid) != 0 ||
	    setresuid(user->uid, user->uid, user->uid) != 0)
		return say(err, "become the user", user->name, strerror(errno));
	/* A way back would make all of this worth nothing. */
	if (user->uid != 0 && setuid(0) == 0)
		return say(err, "become the user", user->name, "the system lets it be root again");
	return 0;
}

/* ---- files: Landlock ---- */

enum {
	CALL_CREATE_RULESET = 444,
	CALL_ADD_RULE = 445,
	CALL_RESTRICT_SELF = 446,
	CREATE_RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	/* Rights to files, by their bits. */
	RIGHT_WRITE_FILE = 1 << 1,
	RIGHT_READ_FILE = 1 << 2,
	RIGHT_READ_DIR = 1 << 3,
	RIGHT_REMOVE_FILE = 1 << 5,
	RIGHT_MAKE_REG = 1 << 8,
	RIGHT_TRUNCATE = 1 << 14,
	RIGHTS_OF_FOLDER = RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_READ_DIR | RIGHT_REMOVE_FILE |
	                   RIGHT_MAKE_REG | RIGHT_TRUNCATE,
	/* Rights to TCP: to bind and to connect. */
	RIGHTS_OF_NET = 3,
	/* What stays within: signals. */
	SCOPE_SIGNAL = 2,
};

struct landlock_ruleset {
	uint64_t files;
	uint64_t net;   /* from version 4 on */
	uint64_t scope; /* from version 6 on */
};

struct landlock_path {
	uint64_t rights;
	int32_t folder; /* or a file */
} __attribute__((packed));

/* All rights to files that a version knows. */
static uint64_t rights_known(long version)
{
	static const unsigned counts[] = { 0, 13, 14, 15, 15, 16 };
	size_t last = sizeof counts / sizeof *counts - 1;

	return (UINT64_C(1) << counts[(size_t)version < last ? (size_t)version : last]) - 1;
}

/* Gives rights to what stands at `path`, and below. */
static int give_rights(int rules, const char *path, uint64_t rights)
{
	struct landlock_path beneath = {
		.rights = rights,
		.folder = open(path, O_PATH | O_CLOEXEC),
	};
	int status;
	int error;

	if (beneath.folder < 0)
		return -1;
	status = (int)syscall(CALL_ADD_RULE, rules, RULE_PATH_BENEATH, &beneath, 0);
	error = errno;
	(void)close(beneath.folder);
	errno = error;
	return status;
}

/* Takes all rights that the kernel's version knows, and gives those of the folder back. */
static int enter_landlock(const char *folder)
{
	long version = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	struct landlock_ruleset set = {
		.files = version < 0 ? 0 : rights_known(version),
		.net = version >= 4 ? RIGHTS_OF_NET : 0,
		.scope = version >= 6 ? SCOPE_SIGNAL : 0,
	};
	size_t size = version >= 6   ? sizeof set
	              : version >= 4 ? offsetof(struct landlock_ruleset, scope)
	                             : offsetof(struct landlock_ruleset, net);
	int status = -1;
	int error;
	int rules;

	if (version < 0)
		return -1;
	rules = (int)syscall(CALL_CREATE_RULESET, &set, size, 0);
	if (rules < 0)
		return -1;
	/* A spare descriptor is of /dev/null. */
	if (give_rights(rules, folder, RIGHTS_OF_FOLDER & set.files) == 0 &&
	    give_rights(rules, "/dev/null", RIGHT_READ_FILE | RIGHT_WRITE_FILE) == 0)
		status = (int)syscall(CALL_RESTRICT_SELF, rules, 0);
	error = errno;
	(void)close(rules);
	errno = error;
	return status;
}

/* ---- system calls: seccomp ---- */

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__ && defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

/* What a server calls, and libc for it, by the architectures that have it. */
static const unsigned calls_allowed[] = {
	/* the loop, connections, and the supervisor's socket */
	SYS_accept4,
	SYS_listen,
	SYS_shutdown,
	SYS_read,
	SYS_readv,
	SYS_write,
	SYS_writev,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_sendto,
	SYS_sendmsg,
	SYS_connect,
	SYS_close,
	SYS_fcntl,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
	SYS_eventfd2,
	SYS_signalfd4,
	/* files */
	SYS_openat,
	SYS_pread64,
	SYS_pwrite64,
	SYS_preadv,
	SYS_pwritev,
	SYS_lseek,
	SYS_fstat,
	SYS_statx,
	SYS_fstatfs,
	SYS_ftruncate,
	SYS_fallocate,
	SYS_fsync,
	SYS_fdatasync,
	SYS_sync_file_range,
	SYS_fchmod,
	SYS_flock,
	SYS_getdents64,
	SYS_renameat2,
	SYS_unlinkat,
	SYS_linkat,
	SYS_faccessat,
	SYS_umask,
	/* memory and threads */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_set_robust_list,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_exit,
	SYS_exit_group,
	SYS_restart_syscall,
	SYS_sysinfo,
	/* signals, time, random numbers, limits, who one is */
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday,
	SYS_getrandom,
	SYS_prlimit64,
	SYS_uname,
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
#ifdef SYS_epoll_wait /* only older architectures have these */
	SYS_epoll_wait,
	SYS_poll,
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_rename,
	SYS_unlink,
	SYS_time,
	SYS_getrlimit,
	SYS_setrlimit,
#endif
};

/* A call whose argument decides. */
struct call_rule {
	unsigned call;
	unsigned argument;
	uint32_t mask;  /* of the argument's lower half */
	uint32_t value; /* that it must have */
};

static const struct call_rule call_rules[] = {
	{ SYS_clone, 0, CLONE_THREAD, CLONE_THREAD },
	{ SYS_mmap, 2, PROT_EXEC, 0 },
	{ SYS_mprotect, 2, PROT_EXEC, 0 },
	{ SYS_socket, 0, UINT32_MAX, AF_UNIX },
	{ SYS_ioctl, 1, UINT32_MAX, TCGETS },
	{ SYS_ioctl, 1, UINT32_MAX, FIONREAD },
	{ SYS_ioctl, 1, UINT32_MAX, TIOCOUTQ }, /* of a socket: SIOCOUTQ */
	{ SYS_prctl, 0, UINT32_MAX, PR_SET_NAME },
};

enum {
	CALLS = sizeof calls_allowed / sizeof *calls_allowed,
	RULES = sizeof call_rules / sizeof *call_rules,
	PROGRAM_MAX = 16 + 2 * CALLS + 6 * (RULES + 1),
	CALLS_OF_X32 = 0x40000000, /* from here on, on x86-64 */
};

struct program {
	struct sock_filter lines[PROGRAM_MAX];
	unsigned short size;
};

static void put(struct program *p, struct sock_filter line)
{
	assert(p->size < PROGRAM_MAX);
	p->lines[p->size++] = line;
}

static void put_load(struct program *p, size_t offset)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void put_answer(struct program *p, uint32_t answer)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

/* Passes over the next `count` lines unless what was loaded is equal. */
static void put_unless_equal(struct program *p, uint32_t value, uint8_t count)
{
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
}

/* The call's number is loaded before, and is loaded again after. */
static void put_rule(struct program *p, const struct call_rule *rule)
{
	/* Its lower half: all architectures above are little-endian. */
	size_t argument = offsetof(struct seccomp_data, args) + rule->argument * sizeof(uint64_t);

	put_unless_equal(p, rule->call, 5);
	put_load(p, argument);
	put(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->mask));
	put_unless_equal(p, rule->value, 1);
	put_answer(p, SECCOMP_RET_ALLOW);
	put_load(p, offsetof(struct seccomp_data, nr));
}

static int enter_seccomp(void)
{
	static const uint32_t refuse = SECCOMP_RET_ERRNO | ENOSYS;
	const struct call_rule own_signals = { SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid() };
	struct program p = { .size = 0 };
	struct sock_fprog program = { .filter = p.lines };

	put_load(&p, offsetof(struct seccomp_data, arch));
	put(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	put_answer(&p, SECCOMP_RET_KILL_PROCESS);
	put_load(&p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	put(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_OF_X32, 0, 1));
	put_answer(&p, SECCOMP_RET_KILL_PROCESS);
#endif
	for (size_t i = 0; i < CALLS; i++) {
		put_unless_equal(&p, calls_allowed[i], 1);
		put_answer(&p, SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < RULES; i++)
		put_rule(&p, &call_rules[i]);
	put_rule(&p, &own_signals); /* abort sends one */
	put_answer(&p, refuse);
	program.len = p.size;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

#else

static int enter_seccomp(void)
{
	errno = ENOSYS; /* nobody has written the table down for this architecture */
	return -1;
}

#endif

/* ---- both ---- */

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define OWN_CALLS "a sanitizer"
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define OWN_CALLS "a sanitizer"
#endif
#endif

/* Who else makes system calls in this process, so that the table cannot be complete; or NULL. */
static const char *stranger_within(void)
{
#ifdef OWN_CALLS
	return OWN_CALLS;
#else
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded != NULL && *preloaded != '\0' ? "a preloaded library" : NULL;
#endif
}

bool sandbox_enter(const char *folder, char lacks[SANDBOX_ERR_SIZE])
{
	const char *stranger = stranger_within();
	size_t size = 0;

	lacks[0] = '\0';
	if (stranger != NULL) {
		(void)snprintf(lacks, SANDBOX_ERR_SIZE, "no sandbox (%s makes calls of its own)",
		               stranger);
		return false;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		(void)snprintf(lacks, SANDBOX_ERR_SIZE, "no sandbox (%s)", strerror(errno));
		return false;
	}
	if (enter_landlock(folder) != 0)
		size = (size_t)snprintf(lacks, SANDBOX_ERR_SIZE, "no Landlock (%s)",
		                        strerror(errno));
	if (enter_seccomp() != 0)
		(void)snprintf(lacks + size, SANDBOX_ERR_SIZE - size, "%sno seccomp (%s)",
		               size == 0 ? "" : ", ", strerror(errno));
	return lacks[0] == '\0';
}

void sandbox_hide_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	const struct rlimit none = { 0, 0 };

	/* What one of them misses the other keeps: a pipe takes cores of any size. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
