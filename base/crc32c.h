/* SPDX-License-Identifier: MIT
 *
 * crc32c: the checksum CRC-32C (RFC 3720, appendix B.4). It guards against faulty disks, not
 * against people who change bytes on purpose. Checked against the vectors of RFC 3720.
 */
#ifndef THREEFOLD_BASE_CRC32C_H
#define THREEFOLD_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`, the sum of what came before (0 at the start), with the `size` bytes at
 * `data`. Uses the processor's instruction if it has one. */
uint32_t crc32c(uint32_t crc, const void *data, size_t size);
/* The same by tables, for machines without the instruction; public so that a test compares the
 * two. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t size);

#endif
