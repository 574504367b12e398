// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "slurm_pusher/collect.h"

/* The line is "ClusterName             = tst". */
bool cluster_name_find(const char *output, char *name, size_t room)
{
	static const char key[] = "ClusterName";
	const char *line = output;

	while (line && strncmp(line, key, sizeof key - 1) != 0) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	if (!line)
		return false;
	line += sizeof key - 1;
	line += strspn(line, " ");
	if (*line != '=')
		return false;
	line += 1 + strspn(line + 1, " ");
	snprintf(name, room, "%.*s", (int)strcspn(line, " \n"), line);
	return *name != '\0';
}
