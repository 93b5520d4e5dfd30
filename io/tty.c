/* SPDX-License-Identifier: MIT
 *
 * One static struct, because signal handlers and atexit know no other. A handler does only what may
 * be done in one (tcgetpgrp, tcsetattr, write, sigaction, raise), on a stack of its own, for one of
 * the faults is that the other is used up.
 *
 * The mode is changed without dropping what was typed meanwhile (TCSADRAIN).
 */
#include "io/tty.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Marks around pastes on; all that might be left of us off: marks, colours, a hidden cursor. */
static const char begin_sequence[] = "\033[?2004h";
static const char uncover_sequence[] = "\033[?1049l";
static const char end_sequence[] = "\033[?2004l\033[0m\033[?25h";

static struct {
	int in;
	int out;
	bool is_begun;
	bool is_dumb;
	bool is_leaving; /* see tty_leave */
	volatile sig_atomic_t is_covered;
	bool is_before_known; /* `before` was read in the foreground, so it is not a shell's own */
	volatile sig_atomic_t is_switched;
	struct termios before;
} tty = { .in = -1, .out = -1 };

enum { SIGNALS_MAX = 128, STACK_SIZE = 64 * 1024 };

void tty_traits(struct tty_traits *traits)
{
	const char *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");

	traits->is_dumb = term == NULL || term[0] == 0 || strcmp(term, "dumb") == 0;
	traits->has_one_screen = term != NULL &&
	                         (strncmp(term, "linux", 5) == 0 || strncmp(term, "vt", 2) == 0);
	traits->is_plain = traits->is_dumb || (no_colour != NULL && no_colour[0] != 0);
	/* Most do; of those that do not, these say who they are. */
	traits->rewraps = term != NULL && strcmp(term, "linux") != 0 &&
	                  strncmp(term, "rxvt", 4) != 0 && getenv("XTERM_VERSION") == NULL;
}

bool tty_is_there(int in, int out)
{
	return isatty(in) != 0 && isatty(out) != 0;
}

/* A terminal that has gone away, or does not take it now, shows nothing in any case. */
static void write_sequence(const char *sequence, size_t size)
{
	ssize_t count;

	do
		count = write(tty.out, sequence, size);
	while (count < 0 && errno == EINTR);
}

/* A terminal that does not control this process (setsid, su -c) knows no foreground; one that has
 * gone away neither, and a read tells. */
bool tty_is_in_foreground(void)
{
	pid_t group = tcgetpgrp(tty.in);

	return group < 0 || group == getpgrp();
}

/* Not if the terminal takes nothing now: nobody knows for how long. */
static bool may_drain(void)
{
	struct pollfd room = { .fd = tty.out, .events = POLLOUT };

	return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0;
}

/* False if the terminal did not take it. */
static bool set_mode(const struct termios *mode)
{
	int how = may_drain() ? TCSADRAIN : TCSANOW;
	struct termios now;
	int result;

	do
		result = tcsetattr(tty.in, how, mode);
	while (result != 0 && errno == EINTR);
	return result == 0 && tcgetattr(tty.in, &now) == 0 &&
	       ((now.c_lflag ^ mode->c_lflag) & (tcflag_t)(ECHO | ICANON)) == 0;
}

/* The mode in which this process reads; once it leaves, that in which it waits for its end. */
static struct termios own_mode(void)
{
	struct termios mode = tty.before;

	mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	if (tty.is_leaving)
		return mode;
	mode.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
	mode.c_lflag &= ~(tcflag_t)(ICANON | IEXTEN);
	mode.c_cc[VINTR] = _POSIX_VDISABLE;
	mode.c_cc[VSUSP] = _POSIX_VDISABLE;
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	return mode;
}

/* False if the terminal cannot be switched. In the background it is left alone. */
static bool switch_on(void)
{
	struct termios mode;

	if (tty.is_switched || tty.is_dumb || !tty_is_in_foreground())
		return true;
	if (!tty.is_before_known && tcgetattr(tty.in, &mode) == 0) {
		tty.before = mode;
		tty.is_before_known = true;
	}
	mode = own_mode();
	tty.is_switched = 1;
	if (!set_mode(&mode)) {
		(void)set_mode(&tty.before);
		tty.is_switched = 0;
		return false;
	}
	if (!tty.is_leaving)
		write_sequence(begin_sequence, sizeof begin_sequence - 1);
	return true;
}

static void switch_off(void)
{
	if (!tty.is_switched)
		return;
	tty.is_switched = 0;
	/* In the background the terminal is the shell's, which has switched it. */
	if (!tty_is_in_foreground())
		return;
	if (tty.is_covered)
		write_sequence(uncover_sequence, sizeof uncover_sequence - 1);
	if (!tty.is_dumb)
		write_sequence(end_sequence, sizeof end_sequence - 1);
	(void)set_mode(&tty.before);
}

static struct sigaction actions_before[SIGNALS_MAX];

/* What was to be done before us is done then; usually the program ends. */
static void die(int number)
{
	if (tty.is_switched)
		write_sequence("\r\n", 2);
	switch_off();
	(void)sigaction(number, &actions_before[number], NULL);
	(void)raise(number);
}

/* Whether the signal ends a process that does nothing about it. */
static bool is_deadly(int number)
{
	switch (number) {
	case SIGCHLD:
	case SIGCONT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGURG:
	case SIGWINCH:
		return false;
	default:
		return true;
	}
}

/* What is ignored stays so. SIGKILL, SIGSTOP and the system's own cannot be watched. */
static void watch_deaths(void)
{
	static uint8_t memory[STACK_SIZE];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
	struct sigaction action = { .sa_handler = die };

	(void)sigaltstack(&stack, NULL); /* without it all but one fault are still seen to */
	action.sa_flags = (int)(SA_ONSTACK | SA_NODEFER);
	(void)sigemptyset(&action.sa_mask);
	for (int number = 1; number <= SIGRTMAX && number < SIGNALS_MAX; number++) {
		struct sigaction *before = &actions_before[number];

		if (is_deadly(number) && sigaction(number, NULL, before) == 0 &&
		    before->sa_handler != SIG_IGN)
			(void)sigaction(number, &action, NULL);
	}
}

static void break_read(int number)
{
	(void)number;
}

/* A read that finds itself in the background would stop this process, and then, in the foreground
 * again, wait for a line. Now it fails, and the caller looks where it is. */
static void watch_reads(void)
{
	struct sigaction action = { .sa_handler = break_read };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGTTIN, &action, NULL);
}

int tty_begin(int in, int out, bool is_dumb)
{
	static bool is_registered;

	assert(!tty.is_begun);
	tty.in = in;
	tty.out = out;
	tty.is_dumb = is_dumb;
	if (tcgetattr(in, &tty.before) != 0)
		return -errno;
	tty.is_before_known = tty_is_in_foreground();
	tty.is_begun = true;
	if (!is_registered) {
		if (atexit(tty_end) != 0 || at_quick_exit(tty_end) != 0)
			return -ENOMEM;
		is_registered = true;
		watch_deaths();
		watch_reads();
	}
	if (switch_on())
		return 0;
	tty.is_dumb = true;
	return -ENOTSUP;
}

void tty_end(void)
{
	if (!tty.is_begun)
		return;
	switch_off();
	tty.is_begun = false;
}

void tty_size(unsigned *columns, unsigned *rows)
{
	struct winsize size = { .ws_col = 0 };

	if (!tty.is_begun || ioctl(tty.out, TIOCGWINSZ, &size) != 0)
		size = (struct winsize){ .ws_col = 0 };
	*columns = size.ws_col;
	*rows = size.ws_row;
}

/* The SIGCONT that ended the stop is blocked, and waits for the loop. The caller draws anew; a
 * second drawing for the same signal would stand below the first one. */
static void take_continuation(void)
{
	const struct timespec at_once = { .tv_sec = 0 };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCONT);
	(void)sigtimedwait(&set, NULL, &at_once);
}

/* SIGTSTP with its default action, because the kernel then leaves alone a job that has no shell to
 * wake it (an orphaned process group); SIGSTOP would not. */
void tty_suspend(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	struct sigaction before;
	sigset_t stop;
	sigset_t mask;

	assert(tty.is_begun);
	if (sigaction(SIGTSTP, NULL, &before) != 0 || before.sa_handler == SIG_IGN)
		return;
	switch_off();
	(void)sigemptyset(&action.sa_mask);
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTSTP);
	(void)sigaction(SIGTSTP, &action, NULL);
	(void)kill(0, SIGTSTP);
	/* If it is blocked, it comes now. */
	if (pthread_sigmask(SIG_UNBLOCK, &stop, &mask) == 0)
		(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
	(void)sigaction(SIGTSTP, &before, NULL);
	take_continuation();
	(void)switch_on();
}

void tty_resume(void)
{
	if (!tty.is_begun || tty.is_dumb)
		return;
	/* Whoever stopped us may have changed the mode. */
	if (tty_is_in_foreground())
		tty.is_switched = 0;
	(void)switch_on();
}

/* Ends the marks around pastes, too: a shell need not know them. */
bool tty_leave(void)
{
	struct termios mode;

	if (!tty.is_begun || tcgetpgrp(tty.in) < 0)
		return false;
	tty.is_leaving = true;
	if (!tty.is_switched || tty.is_dumb || !tty_is_in_foreground())
		return true;
	mode = own_mode();
	write_sequence(end_sequence, sizeof end_sequence - 1);
	(void)set_mode(&mode);
	return true;
}

bool tty_echo(bool echo)
{
	struct termios mode = tty.before;

	if (!tty.is_begun || !tty.is_dumb || echo == !tty.is_switched)
		return tty.is_begun;
	if (echo) {
		switch_off();
		return true;
	}
	mode.c_lflag &= ~(tcflag_t)ECHO;
	tty.is_switched = 1;
	return set_mode(&mode);
}

void tty_cover(bool is_covered)
{
	tty.is_covered = is_covered;
}
