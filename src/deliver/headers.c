// SPDX-License-Identifier: Apache-2.0
#include "headers.h"

#include <string.h>
#include <strings.h>

/* What the protocol or the connection sets itself. */
static const char *const reserved[] = {
	"Connection",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Expect",
	"Retry-Attempt",
	"User-Agent",
	"X-Prometheus-Remote-Write-Version",
	"Transfer-Encoding",
};

static const char token[] = "!#$%&'*+-.^_`|~0123456789"
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool is_reserved(const char *header, size_t n_name)
{
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strlen(reserved[i]) == n_name && strncasecmp(header, reserved[i], n_name) == 0)
			return true;
	return false;
}

static int header_check(const char *header, struct err *err)
{
	size_t n_name = strspn(header, token);

	if (n_name == 0 || header[n_name] != ':')
		return err_set(err, ERR_FORMAT, "a header is not \"Name: value\"");
	for (const char *p = header; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(err, ERR_FORMAT, "header %.*s holds a control character",
				       (int)n_name, header);
	if (is_reserved(header, n_name))
		return err_set(err, ERR_FORMAT, "header %.*s cannot be set: the protocol does",
			       (int)n_name, header);
	return 0;
}

int headers_check(const char *const *headers, struct err *err)
{
	for (; headers && *headers; headers++) {
		int rc = header_check(*headers, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}
