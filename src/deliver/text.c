// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <string.h>

#include "slurm_pusher/deliver.h"

void text_line(char *out, size_t room, const char *bytes, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n && len + 1 < room; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c > ' ' && c < 0x7f)
			out[len++] = (char)c;
		else if (c > 0x7f)
			out[len++] = '?';
		else if (len > 0 && out[len - 1] != ' ')
			out[len++] = ' ';
	}
	if (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}

void url_redact(const char *url, struct buf *out)
{
	const char *scheme_end = strstr(url, "://");
	const char *authority = scheme_end ? scheme_end + 3 : url;
	const char *authority_end = authority + strcspn(authority, "/?#");
	const char *host = memrchr(authority, '@', (size_t)(authority_end - authority));

	host = host ? host + 1 : authority;
	buf_add(out, url, (size_t)(authority - url));
	buf_add(out, host, strcspn(host, "?#"));
}
