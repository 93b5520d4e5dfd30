/* SPDX-License-Identifier: MIT
 *
 * key: the operator's key, a file of 32 random bytes, and the folders that a data directory stands
 * in.
 *
 * The file is `operator.key` beside the data directory (data/operator.key for data/40123), so that
 * all replicas of one host share it; it is copied to the other hosts by the operator. The first
 * server that starts makes it: it is written aside, synced, and then linked to its name. So it is
 * never seen half written, and of two servers that start at once both end with the key of the one
 * that came first.
 */
#ifndef THREEFOLD_IO_KEY_H
#define THREEFOLD_IO_KEY_H

#include "fact/fact.h"

enum { KEY_ERR_SIZE = 512, KEY_PATH_SIZE = 4096 };

enum key_status {
	KEY_OK,
	KEY_MADE,    /* there was none */
	KEY_FAILED,  /* cannot read or write: `err` says what */
	KEY_REFUSED, /* what is there is no key, or others may read it: `err` */
};

/* Makes every folder above `path`, mode 0700, that is not there. 0, or -1 and a sentence. */
int key_make_folders(const char *path, char err[KEY_ERR_SIZE]);
/* Where the key for a data directory is; false if the path is too long. */
bool key_path(const char *data, char path[KEY_PATH_SIZE]);
/* Reads the key. */
enum key_status key_read(const char *path, uint8_t key[KEY_SIZE], char err[KEY_ERR_SIZE]);
/* Reads it, or makes it if it is not there. */
enum key_status key_read_or_make(const char *path, uint8_t key[KEY_SIZE], char err[KEY_ERR_SIZE]);

#endif
