/* SPDX-License-Identifier: MIT
 *
 * The sandbox, each case in a process of its own: what is left, and what is gone.
 */
#include "io/sandbox.h"
#include "tests/lib/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

/* How a try ended: 0, or an errno. */
typedef int try_function(void);

static int of(long result)
{
	return result < 0 ? errno : 0;
}

static void *nothing(void *context)
{
	return context;
}

static int opens(const char *name, int flags)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return of(open(path, flags, 0600));
}

static int try_make(void)
{
	return opens("new", O_RDWR | O_CREAT | O_EXCL);
}
static int try_read(void)
{
	return opens("old", O_RDONLY);
}
static int try_cut(void)
{
	return opens("old", O_RDWR | O_TRUNC);
}
static int try_folder(void)
{
	return opens(".", O_RDONLY | O_DIRECTORY);
}

static int try_rename(void)
{
	char from[128];
	char to[128];

	(void)snprintf(from, sizeof from, "%s/old", folder);
	(void)snprintf(to, sizeof to, "%s/older", folder);
	return of(rename(from, to)) ? errno : of(unlink(to));
}

static int try_null(void)
{
	return of(open("/dev/null", O_RDWR));
}
static int try_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) ? EAGAIN : pthread_join(thread, NULL);
}
static int try_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	                       MAP_FAILED
	               ? errno
	               : 0;
}
static int try_unix(void)
{
	return of(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static int try_passwd(void)
{
	return of(open("/etc/passwd", O_RDONLY));
}
static int try_above(void)
{
	return opens("../sandbox-above", O_RDWR | O_CREAT);
}
static int try_link(void)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/link", folder);
	return of(symlink("/etc", path));
}
static int try_inet(void)
{
	return of(socket(AF_INET, SOCK_STREAM, 0));
}
static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return of(pid);
}
static int try_exec(void)
{
	char *none[] = { NULL };

	return of(execve("/bin/true", none, none));
}
static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	                       MAP_FAILED
	               ? errno
	               : 0;
}
static int try_signal(void)
{
	return of(kill(getppid(), 0));
}
static int try_typing(void)
{
	return of(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}
static int try_rights(void)
{
	return of(setuid(getuid()));
}
static int try_trace(void)
{
	return of(prctl(PR_SET_PTRACER, getppid(), 0, 0, 0));
}

/* Runs it in the sandbox, in a process of its own; 255: it was killed, 254: there is a gap. */
static int within(try_function *try)
{
	char lacks[SANDBOX_ERR_SIZE];
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(sandbox_enter(folder, lacks) ? try() : 254);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 255;
	return WEXITSTATUS(status);
}

struct row {
	const char *name;
	try_function *try;
	int want;
};

static const struct row rows[] = {
	{ "a file below the folder is made", try_make, 0 },
	{ "and read", try_read, 0 },
	{ "and cut", try_cut, 0 },
	{ "the folder is read", try_folder, 0 },
	{ "a file there is renamed and removed", try_rename, 0 },
	{ "/dev/null is opened", try_null, 0 },
	{ "a thread is made", try_thread, 0 },
	{ "memory is had", try_memory, 0 },
	{ "a socket to the supervisor is made", try_unix, 0 },
	{ "no other file is opened", try_passwd, EACCES },
	{ "none is made above the folder", try_above, EACCES },
	{ "no link is made", try_link, ENOSYS },
	{ "no connection is made", try_inet, ENOSYS },
	{ "no process is made", try_fork, ENOSYS },
	{ "no program is run", try_exec, ENOSYS },
	{ "no code is made", try_code, ENOSYS },
	{ "no other process is signalled", try_signal, ENOSYS },
	{ "nothing is typed at a terminal", try_typing, ENOSYS },
	{ "no rights are changed", try_rights, ENOSYS },
	{ "nobody is let in", try_trace, ENOSYS },
};

static void test_enter(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[128];
		char path[128];

		(void)snprintf(path, sizeof path, "%s/old", folder);
		(void)close(open(path, O_RDWR | O_CREAT, 0600));
		(void)snprintf(name, sizeof name, "sandbox: %s", rows[i].name);
		IS_U64((uint64_t)within(rows[i].try), (uint64_t)rows[i].want, name);
	}
}

/* The reason why this kernel cannot do all of it, or NULL. */
static const char *gap(void)
{
	static char lacks[SANDBOX_ERR_SIZE];
	int ends[2];
	ssize_t size = 0;

	if (pipe(ends) != 0)
		exit(1);
	if (fork() == 0) {
		(void)sandbox_enter(folder, lacks);
		_exit(write(ends[1], lacks, strlen(lacks)) < 0);
	}
	(void)close(ends[1]);
	size = read(ends[0], lacks, sizeof lacks - 1);
	(void)close(ends[0]);
	(void)wait(NULL);
	return size > 0 ? lacks : NULL;
}

static void test_preloaded(void)
{
	char lacks[SANDBOX_ERR_SIZE];

	(void)setenv("LD_PRELOAD", "libsome.so", 1);
	OK(!sandbox_enter(folder, lacks), "sandbox: not with a preloaded library");
	OK(strstr(lacks, "no sandbox (") == lacks, "sandbox: which is said");
	OK(try_passwd() == 0, "sandbox: all is as before");
	(void)unsetenv("LD_PRELOAD");
}

static void test_user(void)
{
	char err[SANDBOX_ERR_SIZE];
	struct sandbox_user user;

	IS_U64((uint64_t)sandbox_user_find("no~such", &user, err), (uint64_t)-1,
	       "user: one that is not there");
	IS_STRING(err, "cannot find the user 'no~such': there is none of this name",
	          "user: which is said");
	IS_U64((uint64_t)sandbox_user_find("root", &user, err), geteuid() == 0 ? 0 : (uint64_t)-1,
	       "user: only root becomes another one");
}

int main(void)
{
	const char *base = getenv("TMPDIR");
	const char *lacks;
	char command[160];

	(void)snprintf(folder, sizeof folder, "%.40s/sandbox.XXXXXX", base == NULL ? "/tmp" : base);
	if (mkdtemp(folder) == NULL)
		return 1;
	test_user();
	test_preloaded();
	lacks = gap();
	if (lacks == NULL)
		test_enter();
	else
		printf("ok %d - sandbox # SKIP %s\n", ++tap_count, lacks);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command) == 0 ? tap_done() : 1;
}
