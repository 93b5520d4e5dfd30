/* SPDX-License-Identifier: MIT
 *
 * password: takes a password from a file, or from the person at the terminal.
 *
 * The terminal is asked by programs that have no line editor of their own; the client has one
 * (terminal/terminal.h).
 */
#ifndef THREEFOLD_IO_PASSWORD_H
#define THREEFOLD_IO_PASSWORD_H

#include "fact/auth.h"

/* A path of the system's length, and a sentence around it. */
enum { PASSWORD_ERR_SIZE = 4096 + 256 };

/* Reads the first line of a file or a pipe, without its end (LF or CR LF), into `password`; *size
 * is 1 to PASSWORD_SIZE_MAX bytes. A pipe is waited for: who writes it may have to ask somebody.
 * False, and `err` is a sentence, if others than the owner may use the file, or if the line is
 * empty, too long or holds a NUL. */
bool password_read(const char *path, uint8_t password[PASSWORD_SIZE_MAX], size_t *size,
                   char err[PASSWORD_ERR_SIZE]);
/* Asks for a new password twice, without echo, at the terminal that controls this process; `who` is
 * whose it is, and is shown as it is. False, and `err` is a sentence, if there is no terminal, if
 * the two differ, if it can be none, or if Ctrl-C was typed. SIGINT, SIGHUP, SIGTERM and SIGQUIT
 * end the process as ever, when the terminal shows again what is typed. */
bool password_ask(const char *who, uint8_t password[PASSWORD_SIZE_MAX], size_t *size,
                  char err[PASSWORD_ERR_SIZE]);

#endif
