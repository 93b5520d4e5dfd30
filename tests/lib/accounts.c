/* SPDX-License-Identifier: MIT
 *
 * accounts DIR [NAME AGE CONFIRMED]...: writes a data directory with these accounts, each so many
 * seconds old, CONFIRMED 1 or 0, and with one message that waits for it, or `unused`: not
 * confirmed, and without a message. No client makes an account
 * of yesterday, or ends between the two steps of a creation when a test wants it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fact/auth.h"
#include "journal/backup.h"

static const char setting[] = "$y$j9T$k5jwnHTxqTDytfzywrjzz1";

static void add(struct store *s, const char *name, uint64_t time_ms, const char *kind)
{
	struct fact fact = { .kind = FACT_ACCOUNT };
	struct fact mail = { .kind = FACT_MESSAGE };
	struct account *account = &fact.account;
	uint8_t key[KEY_SIZE] = { 1 };

	account->name = view_of_string(name);
	account->confirmed = strcmp(kind, "1") == 0;
	auth_verifier_make(key, key, view_of_string(setting), &account->verifier);
	auth_id_make(time_ms, account->name, &account->verifier, &account->id);
	(void)store_apply(s, &fact, NULL); /* all are new */
	if (strcmp(kind, "unused") == 0)
		return;
	mail.message.stream.recipient = mail.message.stream.sender = account->id;
	mail.message.number = 1;
	mail.message.sent_ms = time_ms;
	mail.message.text = view_of_string("x");
	(void)store_apply(s, &mail, NULL);
}

int main(int argc, char **argv)
{
	struct store *s = store_new();
	struct backup *backup;
	char err[ERR_SIZE] = "";

	if (argc < 2 || (argc - 2) % 3 != 0)
		return 2;
	backup = backup_begin(argv[1], s, err);
	for (int i = 2; i < argc && backup != NULL; i += 3)
		add(s, argv[i], ((uint64_t)time(NULL) - strtoull(argv[i + 1], NULL, 10)) * 1000,
		    argv[i + 2]);
	if (backup == NULL || backup_end(backup, err) != 0) {
		fprintf(stderr, "accounts: %s\n", err);
		return 1;
	}
	store_free(s);
	return 0;
}
