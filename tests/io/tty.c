/* SPDX-License-Identifier: MIT
 *
 * The real terminal's mode (io/tty.h), on a pseudo terminal: a child begins, something happens to
 * it, and the mode is as it was. A second child plays the shell for what needs one.
 */
#include "io/tty.h"

#include "tests/lib/tap.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

/* Signals are what is looked at here: a sanitizer leaves them alone. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "handle_segv=0:handle_abort=0:use_sigaltstack=0";
}

static bool is_raw(int fd)
{
	struct termios mode;

	assert(tcgetattr(fd, &mode) == 0);
	return (mode.c_lflag & (tcflag_t)(ICANON | ECHO)) == 0;
}

static bool is_cooked(int fd)
{
	struct termios mode;

	assert(tcgetattr(fd, &mode) == 0);
	return (mode.c_lflag & (tcflag_t)(ICANON | ECHO)) == (tcflag_t)(ICANON | ECHO) &&
	       (mode.c_iflag & (tcflag_t)ICRNL) != 0;
}

enum { GOT_SIZE = 4096 };

/* Reads until `want` is among all that has come. */
static bool reads(int master, char got[GOT_SIZE], const char *want)
{
	size_t size = strlen(got);
	struct pollfd ready = { .fd = master, .events = POLLIN };

	while (strstr(got, want) == NULL) {
		ssize_t count;

		if (poll(&ready, 1, PATIENCE_MS) <= 0)
			return false;
		count = read(master, got + size, GOT_SIZE - 1 - size);
		if (count <= 0)
			return false;
		size += (size_t)count;
		got[size] = 0;
	}
	return true;
}

/* What happens to the child after it has begun. */
enum fate { FATE_END, FATE_EXIT, FATE_RAISE, FATE_SEGV, FATE_ABORT, FATE_QUIT_KEY, FATE_OVERFLOW };

static volatile int depth_max = INT_MAX;

/* Without end, and not to be turned into a loop. */
static int overflow(int depth)
{
	volatile char frame[4096];

	frame[depth % 4096] = (char)depth;
	if (depth == depth_max)
		return 0;
	return overflow(depth + 1) + frame[0];
}

static _Noreturn void meet(enum fate fate, int number)
{
	if (tty_begin(STDIN_FILENO, STDOUT_FILENO, false) != 0)
		_exit(9);
	(void)!write(STDOUT_FILENO, "begun", 5);
	switch (fate) {
	case FATE_END:
		tty_end();
		tty_end();
		_exit(0);
	case FATE_EXIT:
		exit(0);
	case FATE_RAISE:
	case FATE_SEGV:
		(void)raise(number);
		break;
	case FATE_ABORT:
		abort();
	case FATE_QUIT_KEY:
		for (;;)
			(void)pause();
	case FATE_OVERFLOW:
		(void)overflow(0);
		break;
	}
	_exit(8);
}

/* A sanitizer reports these, and ends the program in its own way. */
static bool is_reported(int number)
{
	return is_sanitized && (number == SIGBUS || number == SIGFPE);
}

static void fate_is(enum fate fate, int signal_number, const char *name)
{
	int master;
	int slave;
	int status = -1;
	pid_t child;
	char path[64];
	char got[GOT_SIZE] = "";

	child = forkpty(&master, path, NULL, NULL);
	assert(child >= 0);
	if (child == 0)
		meet(fate, signal_number);
	/* Held open, so that the mode outlives the child. */
	slave = open(path, O_RDWR | O_NOCTTY);
	assert(slave >= 0);
	OK(reads(master, got, "begun"), name);
	if (fate == FATE_QUIT_KEY) {
		OK(is_raw(slave), "it is switched");
		(void)!write(master, "\x1c", 1);
	}
	OK(reads(master, got, "\033[?2004l"), "pastes are no longer marked");
	assert(waitpid(child, &status, 0) == child);
	OK(is_cooked(slave), "the mode is as it was");
	if (signal_number == 0)
		OK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the program ends well");
	else if (is_reported(signal_number))
		OK(WIFEXITED(status) && WEXITSTATUS(status) != 0, "the program ends as failed");
	else
		OK(WIFSIGNALED(status) && WTERMSIG(status) == signal_number,
		   "the program ends by its signal");
	close(slave);
	close(master);
}

static _Noreturn void be_suspended(void)
{
	sigset_t stop;

	/* As a program that takes its signals from a descriptor. */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTSTP);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	if (tty_begin(STDIN_FILENO, STDOUT_FILENO, false) != 0 || !is_raw(STDIN_FILENO))
		_exit(9);
	tty_suspend();
	_exit(is_raw(STDIN_FILENO) ? 0 : 7);
}

/* Plays the shell: a job of its own, in the foreground, stopped, and continued. */
static _Noreturn void be_shell(void)
{
	int status;
	pid_t job;

	(void)signal(SIGTTOU, SIG_IGN);
	job = fork();
	if (job == 0) {
		(void)setpgid(0, 0);
		(void)tcsetpgrp(STDIN_FILENO, getpid());
		(void)signal(SIGTTOU, SIG_DFL);
		be_suspended();
	}
	(void)setpgid(job, job);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
		_exit(1);
	if (!is_cooked(STDIN_FILENO))
		_exit(2);
	(void)tcsetpgrp(STDIN_FILENO, job);
	(void)kill(-job, SIGCONT);
	if (waitpid(job, &status, 0) != job || !WIFEXITED(status))
		_exit(3);
	_exit(WEXITSTATUS(status));
}

static int status_of(void (*play)(void))
{
	struct winsize size = { .ws_row = 17, .ws_col = 43 };
	int master;
	int status = -1;
	pid_t child = forkpty(&master, NULL, NULL, &size);
	char bytes[256];

	assert(child >= 0);
	if (child == 0)
		play();
	while (read(master, bytes, sizeof bytes) > 0)
		continue;
	assert(waitpid(child, &status, 0) == child);
	close(master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void be_measured(void)
{
	unsigned columns;
	unsigned rows;

	tty_size(&columns, &rows);
	if (columns != 0 || rows != 0)
		_exit(1);
	if (tty_begin(STDIN_FILENO, STDOUT_FILENO, false) != 0)
		_exit(2);
	tty_size(&columns, &rows);
	_exit(columns == 43 && rows == 17 ? 0 : 3);
}

static void be_dumb(void)
{
	struct termios mode;

	if (tty_begin(STDIN_FILENO, STDOUT_FILENO, true) != 0 || !is_cooked(STDIN_FILENO))
		_exit(1);
	if (!tty_echo(false))
		_exit(6);
	if (tcgetattr(STDIN_FILENO, &mode) != 0 || (mode.c_lflag & (tcflag_t)ECHO) != 0)
		_exit(2);
	if ((mode.c_lflag & (tcflag_t)ICANON) == 0)
		_exit(3);
	(void)tty_echo(true);
	if (!is_cooked(STDIN_FILENO))
		_exit(4);
	(void)tty_echo(false);
	tty_end();
	_exit(is_cooked(STDIN_FILENO) ? 0 : 5);
}

/* The leader of a session has nobody to wake it. */
static void be_orphan(void)
{
	if (tty_begin(STDIN_FILENO, STDOUT_FILENO, false) != 0)
		_exit(1);
	tty_suspend();
	_exit(is_raw(STDIN_FILENO) ? 0 : 2);
}

/* Not its controlling terminal, as for a command of `su -c` or `setsid`. */
static void be_foreign(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (setsid() < 0 || tcgetpgrp(STDIN_FILENO) >= 0)
			_exit(1);
		if (tty_begin(STDIN_FILENO, STDOUT_FILENO, false) != 0 || !is_raw(STDIN_FILENO))
			_exit(2);
		tty_end();
		_exit(is_cooked(STDIN_FILENO) ? 0 : 3);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		_exit(4);
	_exit(WEXITSTATUS(status));
}

/* A job that was begun in the background, while the shell has its own mode. */
static void be_background(void)
{
	struct termios cooked;
	struct termios shells;
	char byte;
	int status;
	pid_t job;

	(void)signal(SIGTTOU, SIG_IGN);
	if (tcgetattr(STDIN_FILENO, &cooked) != 0)
		_exit(1);
	shells = cooked;
	shells.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &shells);
	job = fork();
	if (job == 0) {
		(void)setpgid(0, 0);
		(void)signal(SIGTTOU, SIG_DFL);
		if (tty_begin(STDIN_FILENO, STDOUT_FILENO, false) != 0 || tty_is_in_foreground())
			_exit(2);
		if (read(STDIN_FILENO, &byte, 1) >= 0 || tty_is_in_foreground())
			_exit(3);
		tty_resume();
		(void)raise(SIGSTOP);
		tty_resume();
		if (!tty_is_in_foreground() || !is_raw(STDIN_FILENO))
			_exit(4);
		tty_end();
		_exit(is_cooked(STDIN_FILENO) ? 0 : 5);
	}
	(void)setpgid(job, job);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
		_exit(10 + (WIFEXITED(status) ? WEXITSTATUS(status) : 0));
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &cooked);
	(void)tcsetpgrp(STDIN_FILENO, job);
	(void)kill(-job, SIGCONT);
	if (waitpid(job, &status, 0) != job || !WIFEXITED(status))
		_exit(6);
	_exit(WEXITSTATUS(status));
}

/* The mode was changed while nobody could tell us. */
static void be_resumed(void)
{
	struct termios mode;

	if (tcgetattr(STDIN_FILENO, &mode) != 0 ||
	    tty_begin(STDIN_FILENO, STDOUT_FILENO, false) != 0)
		_exit(1);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) != 0 || is_raw(STDIN_FILENO))
		_exit(2);
	tty_resume();
	_exit(is_raw(STDIN_FILENO) ? 0 : 3);
}

static void traits(void)
{
	struct tty_traits traits;

	(void)unsetenv("XTERM_VERSION");
	(void)unsetenv("NO_COLOR");
	(void)setenv("TERM", "tmux-256color", 1);
	tty_traits(&traits);
	OK(!traits.is_dumb && !traits.is_plain && traits.rewraps, "a terminal of today");
	(void)setenv("NO_COLOR", "", 1);
	tty_traits(&traits);
	OK(!traits.is_plain, "an empty NO_COLOR does not count");
	(void)setenv("NO_COLOR", "1", 1);
	tty_traits(&traits);
	OK(traits.is_plain && !traits.is_dumb, "NO_COLOR");
	(void)setenv("TERM", "linux", 1);
	tty_traits(&traits);
	OK(!traits.rewraps, "the console does not rewrap");
	(void)setenv("TERM", "dumb", 1);
	tty_traits(&traits);
	OK(traits.is_dumb && traits.is_plain, "a dumb one");
	(void)unsetenv("TERM");
	tty_traits(&traits);
	OK(traits.is_dumb, "one that nobody has named");
}

int main(void)
{
	static const int others[] = { SIGUSR1, SIGUSR2,   SIGALRM, SIGVTALRM, SIGPROF,
		                      SIGXCPU, SIGXFSZ,   SIGIO,   SIGPWR,    SIGSYS,
		                      SIGTRAP, SIGSTKFLT, SIGTERM, SIGINT,    SIGHUP,
		                      SIGPIPE, SIGBUS,    SIGFPE,  SIGILL };
	int ends[2];

	traits();
	fate_is(FATE_END, 0, "a program that switches back");
	fate_is(FATE_EXIT, 0, "a program that just exits");
	fate_is(FATE_SEGV, SIGSEGV, "a program that crashes");
	fate_is(FATE_ABORT, SIGABRT, "a program whose assertion fails");
	fate_is(FATE_QUIT_KEY, SIGQUIT, "a program that is ended by Ctrl-\\");
	fate_is(FATE_OVERFLOW, SIGSEGV, "a program without any stack left");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		fate_is(FATE_RAISE, others[i], strsignal(others[i]));
	fate_is(FATE_RAISE, SIGRTMIN + 1, "a signal that has no name");
	IS_U64(status_of(be_shell), 0,
	       "Ctrl-Z: the shell finds the terminal as it was, fg switches it");
	IS_U64(status_of(be_orphan), 0, "without a shell it is not stopped");
	IS_U64(status_of(be_resumed), 0, "a mode that others have changed is set again");
	IS_U64(status_of(be_foreign), 0, "a terminal that does not control the process");
	IS_U64(status_of(be_background), 0, "a job of the background waits for the foreground");
	IS_U64(status_of(be_measured), 0, "the window's size");
	IS_U64(status_of(be_dumb), 0, "a dumb terminal keeps its line mode, and may lose its echo");
	assert(pipe(ends) == 0);
	OK(!tty_is_there(ends[0], ends[1]), "a pipe is no terminal");
	OK(tty_begin(ends[0], ends[1], false) == -ENOTTY, "and cannot be switched");
	return tap_done();
}
