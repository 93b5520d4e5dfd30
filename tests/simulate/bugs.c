/* SPDX-License-Identifier: MIT
 *
 * The deliberate bugs. Each breaks one rule (base/bug.h), and the simulator must find it within
 * the first number of seeds: a few times as many as it needed when the row was written. The second
 * number is a seed that finds it. Any change of what a run draws makes that one wrong, which costs
 * time and nothing else; `make bugs` searches from seed 1 and tells the seeds as they are now.
 * Only simulate-bugs contains the bugs.
 */
#include "tests/simulate/bugs.h"

#include "base/bug.h"

#include <string.h>

const struct sim_bug sim_bugs[] = {
	{ "answer_not_joined", 200, 6, "a look-up believes the leader alone" },
	{ "answer_kept", 5000, 211, "a joined answer is kept when another replica becomes live" },
	{ "name_changed_unasked", 10000, 1223,
	  "a name that leads to another account is written to unasked" },
	{ "no_confirm", 200, 1, "a creation is acknowledged when it was granted" },
	{ "confirm_not_awaited", 500, 2,
	  "a creation is acknowledged before all have confirmed it" },
	{ "confirm_without_name_test", 2000, 927,
	  "`confirm` does not look for another holder of the name" },
	{ "confirm_without_clock", 2000, 107, "`confirm` takes an id of any age" },
	{ "introduce_always_yes", 2000, 1, "`introduce` does not look for a holder" },
	{ "introduce_again_yes", 2000, 11, "a repeated `introduce` does not look for a holder" },
	{ "introduce_exact_name", 2000, 2, "`introduce` takes bob for another name than Bob" },
	{ "stamp_not_checked", 2000, 11, "a password needs no stamp" },
	{ "stamp_of_any_account", 500, 29, "a stamp vouches for a password of any account" },
	{ "stamp_of_any_epoch", 500, 29, "a stamp vouches for a password of any epoch" },
	{ "epochs_jump", 2000, 399, "an owner may leave epochs out" },
	{ "older_password_wins", 2000, 361, "of two passwords the one that comes later stays" },
	{ "session_outlives", 5000, 9, "a session goes on when its password was changed" },
	{ "lock_of_another_key", 2000, 41,
	  "who sets a password after an operator changes the lock of the account" },
	{ "uninvited_introduced", 200, 2, "`introduce` asks for no invitation" },
	{ "invited_for_ever", 500, 2, "an invitation does not expire" },
	{ "handed_over_unvouched", 500, 7, "`handover` needs no stamp where not all may register" },
	{ "created_in_parallel", 2000, 44, "`introduce` goes to all replicas at once" },
	{ "login_confirms", 500, 1, "a log-in confirms the account" },
	{ "handed_over_confirmed", 2000, 21, "an account that is handed over is confirmed" },
	{ "id_not_checked", 2000, 3, "an id need not be the digest of its account" },
	{ "taken_back_where_granted", 2000, 218,
	  "a creation is taken back only if it was granted" },
	{ "created_after_taking_back", 5000, 587,
	  "a creation goes on after its taking back began" },
	{ "no_tombstone", 200, 2, "a deletion leaves nothing behind" },
	{ "stranger_not_buried", 200, 2, "a tombstone of an account that is not known is dropped" },
	{ "tombstone_without_key", 200, 3, "a tombstone is believed without its key" },
	{ "removal_unchecked", 200, 3, "an account is removed without a right stamp" },
	{ "claim_is_owners_word", 5000, 221,
	  "what a replica says of the account of a session is taken for the owner's word" },
	{ "removal_believed", 2000, 1509, "one replica is believed that an account was removed" },
	{ "gone_gets_mail", 2000, 2, "mail for a gone account is stored" },
	{ "one_queue_for_all", 2000, 1, "a burial is answered when all that others left is freed" },
	{ "never_behind", 2000, 19, "what adds is taken however much waits for the disk" },
	{ "batch_unbounded", 2000, 3, "a batch takes all that waits" },
	{ "batch_cut_behind_text", 2000, 2, "a batch ends between a text and its first message" },
	{ "text_once_for_all", 2000, 1, "a long text is written in the first batch only" },
	{ "named_once_for_all", 2000, 2, "a new journal does not name its streams again" },
	{ "mark_of_another", 200, 2, "a stream begins with the mark of another one" },
	{ "unkeyed_table", 2000, 63, "the table of ids has no secret key" },
	{ "dead_again_live", 2000, 12, "a message that was received can be added again" },
	{ "first_content_stays", 2000, 15, "a key that is filled twice keeps the first content" },
	{ "reply_before_sync", 200, 2, "replies do not wait for the disk" },
	{ "repetition_before_sync", 2000, 625,
	  "what adds nothing is answered before what is there is synced" },
	{ "tail_not_synced", 2000, 324,
	  "what a start finds after the last mark is served as it is" },
	{ "full_disk_ends_server", 2000, 1228, "a batch that does not fit ends a replica" },
	{ "compaction_ends_server", 2000, 11,
	  "a compaction that cannot open its files ends a replica" },
	{ "clean_stop_leaves_work", 2000, 503,
	  "a clean stop does not finish the work of the store" },
	{ "never_synced", 200, 6, "a batch is written, and not synced" },
	{ "sender_takes_over", 500, 2, "a log-in for sending alone ends another session" },
	{ "sender_reads", 500, 2, "a log-in for sending alone may read the mailbox" },
	{ "audience_dropped", 500, 1, "a replica does not say of whom a message went to" },
	{ "audience_not_kept", 500, 14, "of whom a message went to is not journaled" },
	{ "burial_not_kept", 200, 2, "what was received is not journaled" },
	{ "full_disk_says_yes", 500, 3, "a full disk says that it has stored a message" },
	{ "any_session_stays", 5000, 2, "the smaller session takes over, too" },
	{ "audience_never_again", 500, 2,
	  "a request whose audience is empty does not begin again" },
	{ "death_is_a_no", 2000, 598, "a death is not an unknown outcome" },
	{ "number_drawn_again", 2000, 12, "a repeated request draws another number" },
	{ "time_goes_back", 2000, 10, "a session's time may go back" },
	{ "burial_refused", 5000, 1563, "a burial is refused for gaps that a sender has left" },
	{ "told_before_shown", 500, 2, "`received` is told of what is only handed out" },
	{ "shown_forgotten", 200, 2, "a client forgets what it has shown" },
	{ "shown_unasked", 2000, 13, "a push is shown without asking what is gone" },
	{ "gone_not_believed", 2000, 22, "what is gone of a stream is not believed" },
	{ "merge_overtaken", 20000, 4951,
	  "a push is shown before an earlier message that a page has brought" },
	{ "ends_not_counted", 1000, 409,
	  "a request that two replicas ended with is sent once more" },
	{ "order_not_awaited", 1000, 12, "a number waits only for what is on its way" },
	{ "order_for_ever", 1000, 219, "a number waits until those before it have come" },
	{ "order_holds_others", 1000, 498, "what waits for its stream makes all others wait" },
	{ "sends_overtake", 200, 2, "a message is written before one that was given earlier" },
	{ "ranges_over_hole", 2000, 1790, "ranges are merged over a hole" },
	{ "page_stands_still", 2000, 1, "a page that is not the last ends where it began" },
	{ "list_never_ends", 200, 1, "no page of the list is the last" },
	{ "repair_live_first", 500, 6, "repair copies what lives before what is gone" },
	{ "repair_one_way", 500, 2, "repair copies in one direction" },
	{ "repair_one_pass", 500, 1, "repair ends after one pass, whatever that found" },
	{ "lapsed_beats_confirmed", 5000, 205,
	  "an account that was removed is gone, also if it was confirmed elsewhere" },
	{ "repair_drops_mark", 500, 1, "repair does not copy that an account is confirmed" },
	{ "repair_larger_content", 2000, 15, "repair copies the larger content of a key" },
	{ "repair_old_answers", 2000, 3, "an answer from before a replica was lost is believed" },
	{ "repair_alone", 500, 3, "repair is content with one replica" },
	{ "repair_trusts_twins", 2000, 45, "one replica at two addresses is told a proof" },
	{ "repair_buries_held_only", 500, 2,
	  "repair buries only in streams that the replica holds" },
	{ "digest_without_mark", 500, 1, "digests leave out that an account is confirmed" },
	{ "digest_not_compared", 500, 1, "parts of one count and size are taken for equal" },
	{ "one_bucket_for_all", 2000, 79, "all addresses share what one may cost" },
	{ "guesses_not_slowed", 500, 223, "wrong passwords are answered at once" },
	{ "owner_locked_out", 500, 1,
	  "guesses are counted for all addresses, and lock the account" },
	{ "entry_without_proof", 200, 1, "an account is shown without what its id was made of" },
	{ "end_is_a_lie", 500, 2, "the proof that a session is over is taken for a lie" },
	{ "end_without_proof", 1000, 13, "a session ends because one replica says so" },
	{ "gone_without_proof", 1000, 5, "a recipient is gone because one replica says so" },
	{ "different_believed", 1000, 5,
	  "a new message is refused because one replica has another" },
	{ "lie_is_a_no", 5000, 4525, "what only a liar may have stored counts as refused" },
	{ "joins_with_old_password", 2000, 388,
	  "a replica that joins while the password changes is not told of it" },
	{ "password_forgotten", 200, 21, "who shows a password may not know it at the log-in" },
	{ "guess_is_slow", 25000, 22637,
	  "who answers wrong passwords late, on purpose, is left out as slow" },
	{ "identity_repeated", 500, 45, "who repeats a greeting is taken for who has said it" },
	{ "setting_of_anybody", 5000, 325, "who is not known chooses how a password is stretched" },
	{ "changed_believed", 5000, 1909,
	  "one that is not known is believed that a password was changed" },
	{ "any_session_named", 2000, 541,
	  "the last session there is counts if a look-up names it" },
	{ "tag_not_needed", 1000, 30, "a request in a session needs no tag" },
	{ "relay_takes_place", 1000, 28,
	  "who passes on what a replica says takes its place at a lower index" },
	{ "stranger_takes_turns", 500, 92,
	  "one who shows what two others show, in turn, keeps both out" },
	{ "anybody_repairs", 2000, 11, "what only operators may ask is answered to all" },
};
const size_t sim_bugs_count = sizeof sim_bugs / sizeof *sim_bugs;

static const char *on;

bool sim_bug_switch_on(const char *name)
{
	on = NULL;
	for (size_t i = 0; name != NULL && i < sim_bugs_count; i++)
		if (strcmp(sim_bugs[i].name, name) == 0)
			on = sim_bugs[i].name;
	return on != NULL;
}

#ifdef BUGS
bool bug_is_on(const char *name)
{
	return on != NULL && strcmp(on, name) == 0;
}
#endif

bool sim_bugs_built(void)
{
#ifdef BUGS
	return true;
#else
	return false;
#endif
}
