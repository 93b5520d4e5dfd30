/* SPDX-License-Identifier: MIT */
#include "tools/invite.h"

#include "fact/auth.h"
#include "fact/invitation.h"
#include "io/file.h"
#include "io/log.h"

#include <stdio.h>

enum exit_status invite_print(const uint8_t key[KEY_SIZE], uint64_t expiry_ms)
{
	char text[INVITATION_TEXT_SIZE + 1];
	struct invitation invitation;
	uint8_t random[16];
	char cluster[AUTH_CLUSTER_TEXT_SIZE];

	if (!file_random(random, sizeof random)) {
		log_own(LOG_ERROR, "the system gives no random numbers");
		return EXIT_REFUSED;
	}
	invitation_make(key, expiry_ms, random, &invitation);
	invitation_to_text(&invitation, text);
	auth_cluster_text(key, cluster);
	log_own(LOG_NOTICE, "an invitation to the servers of cluster %s", cluster);
	printf("%s\n", text);
	if (!file_output_is_lost())
		return EXIT_DONE;
	log_own(LOG_ERROR, "cannot write to the standard output");
	return EXIT_REFUSED;
}
