/* SPDX-License-Identifier: MIT
 *
 * tty: switches the real terminal to single keys and back, whatever happens in between. What the
 * keys mean is terminal/terminal.h.
 *
 * While it is switched, the terminal neither echoes nor edits, Ctrl-C and Ctrl-Z are bytes like
 * others (Ctrl-\ still ends the program: a way out when nothing else works), and pastes are marked.
 * It is switched back by tty_end, at exit, and when any signal comes that ends a process: that of a
 * crash (SIGSEGV, SIGABRT, ...), of Ctrl-\, of a limit, of somebody's mistake (SIGUSR1). The signal
 * then has its usual effect. The program itself handles SIGTERM, SIGHUP and SIGINT and calls
 * tty_end. After SIGKILL the terminal stays switched.
 *
 * On a dumb terminal the system's line mode stays; only its echo is switched, for passwords. A
 * terminal that cannot be switched is a dumb one from then on.
 *
 * In the background (a job of the shell) the terminal is somebody else's: it is not switched, and
 * must not be read. No signal tells when a job that runs comes to the foreground, so the caller
 * looks from time to time.
 *
 *   tty_traits(&traits);                         before terminal_new
 *   result = tty_begin(STDIN_FILENO, STDOUT_FILENO, traits.is_dumb);
 *   SIGWINCH: tty_size, terminal_resize
 *   Ctrl-Z or SIGTSTP: terminal_show(t, false), write, tty_suspend, terminal_show(t, true), redraw
 *   SIGCONT: tty_resume, terminal_redraw
 *   tty_end();
 *
 * There is one for a process, since there is one terminal. Errors are negative errno values.
 */
#ifndef THREEFOLD_IO_TTY_H
#define THREEFOLD_IO_TTY_H

#include <stdbool.h>

/* What kind of terminal this is, as the environment says. */
struct tty_traits {
	bool is_dumb;        /* TERM is missing or "dumb" */
	bool is_plain;       /* dumb, or NO_COLOR is set and not empty */
	bool has_one_screen; /* there is no other one, that a page could cover */
	bool rewraps; /* rows are wrapped anew when the window becomes narrower; see terminal.h */
};
/* Fills in all of `traits`. Only reads the environment, so it may be called at any time. */
void tty_traits(struct tty_traits *traits);

/* Whether both descriptors are terminals. */
bool tty_is_there(int in, int out);
/* Remembers the terminal's modes, and switches it if this process is in the foreground. Both
 * descriptors stay the caller's and stay open until tty_end. Returns 0, or a negative errno
 * value: then it is a dumb one, or none. A read in the background fails with EINTR or EIO
 * afterwards, and does not stop this process. */
int tty_begin(int in, int out, bool is_dumb);
/* Switches back. May be called at any time, and more than once. */
void tty_end(void);

/* Whether this process may read the terminal now. So it may if the terminal does not control it. */
bool tty_is_in_foreground(void);
/* Sets the size of the window; 0 by 0 if it is not known. */
void tty_size(unsigned *columns, unsigned *rows);
/* Switches back and stops this process and the others of its job, as Ctrl-Z does. When the process
 * continues, switches again and returns. Does nothing if SIGTSTP is ignored: then no shell is there
 * to continue it. */
void tty_suspend(void);
/* No key is read any more: what is typed from now on waits for the shell, unseen, and Ctrl-C and
 * Ctrl-Z are signals again. Lasts until tty_end. False, and nothing has changed, if the terminal
 * does not control this process: then no key is a signal. */
bool tty_leave(void);
/* Switches again after SIGCONT, if this process is in the foreground. */
void tty_resume(void);
/* Says whether the terminal shows its other screen: then switching back leaves that, too. */
void tty_cover(bool is_covered);
/* Sets whether a dumb terminal echoes. Does nothing on others. False if the terminal goes on
 * showing what is typed. */
bool tty_echo(bool echo);

#endif
