/* SPDX-License-Identifier: MIT */
#include "cli/set.h"

#include "io/tty.h"

#include <stdio.h>

bool set_change(struct settings *s, enum setting setting, struct view value,
                char text[SET_TEXT_SIZE])
{
	const char *name = setting_row(setting)->name;
	char path[HOME_PATH_SIZE];
	char err[CONFIG_ERR_SIZE] = "neither XDG_CONFIG_HOME nor HOME says where to keep it";
	const char *shown;

	if (!setting_set(s, setting, value, SETTING_KEPT, text))
		return false;
	shown = setting_text(s, setting)[0] == 0 ? "-" : setting_text(s, setting);
	if (config_path(path) && config_write_setting(path, s, setting, err)) {
		(void)snprintf(text, SET_TEXT_SIZE, "%s is %s now", name, shown);
		return true;
	}
	s->values[setting].source = SETTING_FOR_RUN;
	(void)snprintf(text, SET_TEXT_SIZE, "%s is %s for this run: %s", name, shown, err);
	return true;
}

bool set_is_plain(const struct settings *s, bool is_terminal)
{
	struct tty_traits traits;
	unsigned colours = setting_choice(s, SETTING_COLOURS);

	if (colours != COLOURS_AUTO)
		return colours == COLOURS_NEVER;
	tty_traits(&traits);
	return traits.is_plain || !is_terminal;
}
