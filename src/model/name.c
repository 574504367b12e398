// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "slurm_pusher/model.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool metric_name_is_legal(const char *name)
{
	if (!is_letter(*name) && *name != ':')
		return false;
	for (const char *p = name; *p; p++)
		if (!is_letter(*p) && !is_digit(*p) && *p != ':')
			return false;
	return true;
}

bool label_name_is_legal(const char *name)
{
	if (!is_letter(*name) || strncmp(name, "__", 2) == 0)
		return false;
	for (const char *p = name; *p; p++)
		if (!is_letter(*p) && !is_digit(*p))
			return false;
	return true;
}
