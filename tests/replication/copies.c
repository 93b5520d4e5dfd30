/* SPDX-License-Identifier: MIT
 *
 * Stories of a client that asks for more than one copy. See tests/replication/cluster.h for what
 * the lines say.
 */
#include "tests/replication/cluster.h"

static struct cluster k;

static void test_min_copies(void)
{
	cluster_init(&k, SHARE_USUAL);
	k.options.min_copies = 2;
	(void)client_start(&k), (void)client_start(&k);
	pass(&k, 1);
	say(&k, 0, "create alice pw");
	say(&k, 1, "create bob pw");
	replica_full(&k, 1, true), replica_full(&k, 2, true);
	quiet(&k);
	say(&k, 0, "send bob hi");
	OK(has(heard(&k, 0), "result send unknown-outcome copies=1"),
	   "min copies: stored on fewer is unknown");
	say(&k, 0, "all hi");
	OK(has(heard(&k, 0), "result all unknown-outcome copies=1"),
	   "min copies: of a broadcast too");
	replica_full(&k, 1, false);
	replica_kill(&k, 2);
	quiet(&k);
	say(&k, 0, "send bob hi");
	IS_STRING(heard(&k, 0), "result send ok copies=2 stored=1 online=1\n",
	          "min copies: just as many live are enough");
	replica_kill(&k, 1);
	quiet(&k);
	say(&k, 0, "send bob hi");
	IS_STRING(heard(&k, 0), "result send too-few-replicas stored=0 online=0\n",
	          "min copies: fewer live: nothing is sent");
	say(&k, 0, "delete");
	IS_STRING(heard(&k, 0), "result delete too-few-replicas\n", "min copies: nor deleted");
	say(&k, 0, "password pw new");
	OK(has(heard(&k, 0), "result password too-few-replicas"), "min copies: nor changed");
	say(&k, 0, "logout");
	say(&k, 0, "create carol pw");
	OK(has(heard(&k, 0), "result create too-few-replicas"), "min copies: nor created");
	say(&k, 0, "login alice pw");
	OK(has(heard(&k, 0), "result login ok"), "min copies: who was not deleted is there");
	cluster_free(&k);
}

/* What was sent while enough were live may have taken effect: it begins again with fewer. */
static void test_min_copies_again(void)
{
	static const char *const commands[] = { "delete", "send alice hi", "password pw new",
		                                "create bob pw" };

	for (size_t at = 0; at < sizeof commands / sizeof commands[0]; at++) {
		const char *h;

		cluster_init(&k, SHARE_USUAL);
		k.options.min_copies = 2;
		(void)client_start(&k);
		pass(&k, 1);
		say(&k, 0, "create alice pw");
		say(&k, 0, commands[at][0] == 'c' ? "logout" : "send alice zero");
		replica_kill(&k, 2);
		quiet(&k);
		hold_here(&k, 0, 0, true), hold_here(&k, 0, 1, true);
		say(&k, 0, commands[at]);
		replica_kill(&k, 1), client_cut(&k, 0, 0);
		pump(&k);
		heal_all(&k, 0);
		pass(&k, 2500);
		h = heard(&k, 0);
		OK(has(h, "result ") && !has(h, "too-few"), "min copies: what was sent goes on");
		cluster_free(&k);
	}
}

int main(void)
{
	test_min_copies();
	test_min_copies_again();
	return tap_done();
}
