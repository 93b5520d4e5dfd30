/* SPDX-License-Identifier: MIT
 *
 * heap: how much memory a unit test holds. */
#ifndef THREEFOLD_TESTS_LIB_HEAP_H
#define THREEFOLD_TESTS_LIB_HEAP_H

#include <stddef.h>

/* Pieces and blocks that base/memory.h gave and that were not given back. Any thread may ask. */
long heap_live(void);

#endif
