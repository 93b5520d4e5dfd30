/* SPDX-License-Identifier: MIT
 *
 * A short run of the fuzz target tests/fuzz/client.c for `make check`,
 * with the same inputs each time.
 */
#include "tests/fuzz/client.c"
#include "tests/fuzz/steady.h"

int main(void)
{
	fuzz_steadily(600, 400);
	OK(true, "hostile: whatever replicas say, a client goes on, and honest ones are heard");
	return tap_done();
}
