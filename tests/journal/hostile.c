/* SPDX-License-Identifier: MIT
 *
 * A short run of the fuzz target tests/fuzz/data.c for `make check`,
 * with the same inputs each time.
 */
#include "tests/fuzz/data.c"
#include "tests/fuzz/steady.h"

int main(void)
{
	fuzz_steadily(2000, 40);
	OK(true, "hostile: a start refuses and changes nothing, or goes on");
	return tap_done();
}
