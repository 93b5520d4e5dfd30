/* SPDX-License-Identifier: MIT
 *
 * sandbox: gives up what a server needs no more. Whoever takes a server over then finds a process
 * that has its sockets and its data directory, and little else.
 *
 *   sandbox_user_find, sandbox_user_own, sandbox_user_become    from root to an ordinary user
 *   sandbox_enter                                               the system calls and the files
 *
 * The system calls are filtered by seccomp(2), the files by Landlock (landlock(7)). Both are asked
 * for by plain system calls, since libc has no functions for them. What is given up cannot be had
 * back, and threads that are made later have given it up, too.
 */
#ifndef THREEFOLD_IO_SANDBOX_H
#define THREEFOLD_IO_SANDBOX_H

#include "base/buf.h"

#include <sys/types.h>

enum { SANDBOX_ERR_SIZE = 512 };

struct sandbox_user {
	const char *name; /* of the caller */
	uid_t uid;
	gid_t gid;
};

/* Finds a user of this system by name. Returns 0, or -1 and a sentence: there is none, or this
 * process is not root and is not that user either. */
int sandbox_user_find(const char *name, struct sandbox_user *user, char err[SANDBOX_ERR_SIZE]);
/* Makes each folder above `path`, and `path` itself, if it is missing, and gives those that it made
 * to the user. Does nothing if this process is not root. Whoever opens the folder says what failed.
 */
void sandbox_user_own(const struct sandbox_user *user, const char *path);
/* Becomes that user for good: its uid, gid and groups, no capabilities. Does nothing if this
 * process is that user already. No other thread may run. Returns 0, or -1 and a sentence. */
int sandbox_user_become(const struct sandbox_user *user, char err[SANDBOX_ERR_SIZE]);

/* Keeps what is in memory there: a crash leaves no core file, and no other process of this user may
 * read this one's memory. For programs that hold keys and passwords. Not under a sanitizer, which
 * reads its own process in that way. */
void sandbox_hide_memory(void);

/* From here on the process and its threads can reach only:
 *   - files and folders below `folder`: read, write, make, rename, remove; run none of them;
 *     and /dev/null;
 *   - the descriptors that are open, and what accept4 gives; new sockets only
 *     of the AF_UNIX family;
 *   - memory that is never both made here and run; new threads, but no new process or program.
 * Every other system call fails with ENOSYS, so libc falls back where it can. A call of another
 * architecture ends the process.
 *
 * True: all of that holds. False: some of it does not, and `lacks` says what and why, as
 * "no Landlock (Function not implemented)"; the rest holds nevertheless. With a library that was
 * preloaded (ld.so(8)), and under a sanitizer, nothing is given up: they make calls of their own.
 */
bool sandbox_enter(const char *folder, char lacks[SANDBOX_ERR_SIZE]);

#endif
