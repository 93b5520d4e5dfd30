/* SPDX-License-Identifier: MIT
 *
 * zone: the time zone of this place, which may change while a program runs: somebody travels, or
 * sets it anew. The C library looks at its file once.
 */
#ifndef THREEFOLD_IO_ZONE_H
#define THREEFOLD_IO_ZONE_H

/* Reads the zone again if its file has changed: that of TZ, else /etc/localtime. Looks at most four
 * times a second, so it may be called before each use of localtime_r. Changes the environment for a
 * moment: no other thread may read it meanwhile. */
void zone_follow(void);

#endif
