/* SPDX-License-Identifier: MIT
 *
 * key: the operator's key, a file of 32 random bytes, and the folders that a data directory stands
 * in.
 *
 * The file is `operator.key` beside the data directory (data/operator.key for data/40123), so that
 * all replicas of one host share it; or in the data directory, where nothing can be made beside it.
 * The operator copies it to the other hosts. The first server
 * that starts makes the key: it writes a file under another name, syncs it, and links it to its
 * name. So nobody ever reads half a key, and two servers that start at once use the same key.
 */
#ifndef THREEFOLD_IO_KEY_H
#define THREEFOLD_IO_KEY_H

#include "fact/fact.h"

enum { KEY_ERR_SIZE = 512, KEY_PATH_SIZE = 4096 };

/* Where servers that start at boot have their folders. */
#define KEY_STATE_FOLDER "/var/lib/threefold"

enum key_status {
	KEY_OK,      /* the key was read */
	KEY_MADE,    /* there was none, and it was made */
	KEY_FAILED,  /* a file cannot be read or written: `err` says which and why */
	KEY_REFUSED, /* it is no key, or others than its owner may read it: see `err` */
};

/* Makes each folder above `path` that is missing, with mode 0700. Returns 0, or -1 and `err`. */
int key_make_folders(const char *path, char err[KEY_ERR_SIZE]);
/* Sets `path` to the place of the key beside a data directory. False if it is too long. */
bool key_path(const char *data, char path[KEY_PATH_SIZE]);
/* Sets `path` to the key of a data directory: the one within it, else the one beside it. If there
 * is none, to where it is to be made: beside it, or within it where this user may make nothing
 * beside it. False if it is too long. */
bool key_place(const char *data, char path[KEY_PATH_SIZE]);
/* Sets `path` to the folder below which servers keep their data, unless they are told where: what
 * $STATE_DIRECTORY says, else "data". */
void key_state_folder(char path[KEY_PATH_SIZE]);
/* Looks where servers of this host make the key, for whoever was not told: in the folder above, in
 * the current one, in KEY_STATE_FOLDER. Sets `path`. False: there is none; `err` says where it
 * could be. */
bool key_look(char path[KEY_PATH_SIZE], char err[KEY_ERR_SIZE]);
/* Reads the key. Never returns KEY_MADE. */
enum key_status key_read(const char *path, uint8_t key[KEY_SIZE], char err[KEY_ERR_SIZE]);
/* Reads it, or makes it if it is not there. */
enum key_status key_read_or_make(const char *path, uint8_t key[KEY_SIZE], char err[KEY_ERR_SIZE]);

#endif
