// SPDX-License-Identifier: Apache-2.0
#include "config_url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

const char *url_authority(const char *url, size_t *len)
{
	const char *end_of_scheme = strstr(url, "://");
	const char *authority = end_of_scheme ? end_of_scheme + 3 : url;

	*len = strcspn(authority, "/?#");
	return authority;
}

static bool is_port(const char *text, size_t len)
{
	return len >= 1 && len <= 5 && strspn(text, DIGITS) >= len && atoi(text) >= 1 &&
	       atoi(text) <= 65535;
}

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT */
static const char *authority_problem(const char *authority, size_t len)
{
	size_t host_len, rest;

	if (memchr(authority, '@', len))
		return "a user or password in the URL would end up in logs, and basic_auth is not "
		       "supported yet; remove what stands before the @";
	if (authority[0] == '[') {
		host_len = strspn(authority + 1, DIGITS "abcdefABCDEF:.") + 2;
		if (host_len < 4 || authority[host_len - 1] != ']')
			return "an IPv6 address is written as [ADDRESS], for example "
			       "http://[::1]:9091";
	} else {
		host_len = strspn(authority, LETTERS DIGITS "-._");
		if (host_len == 0)
			return "has no host; write http://HOST";
	}
	if (host_len == len)
		return NULL;
	rest = len - host_len - 1;
	if (authority[host_len] != ':')
		return "the host contains a character that no host name has";
	return is_port(authority + host_len + 1, rest)
		       ? NULL
		       : "the port must be a number from 1 to 65535";
}

static bool has_blank(const char *text)
{
	for (; *text; text++)
		if (isspace((unsigned char)*text) || iscntrl((unsigned char)*text))
			return true;
	return false;
}

const char *url_problem(const char *url)
{
	const char *authority;
	size_t len;

	if (!*url)
		return "is empty; write http://HOST";
	if (has_blank(url))
		return "contains white space; remove it, or write it as %20";
	if (!strstr(url, "://"))
		return "has no scheme; put http:// or https:// in front";
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return "has a scheme that is not supported; use http:// or https://";
	if (strchr(url, '#'))
		return "a # has no meaning here; remove it and what follows";
	authority = url_authority(url, &len);
	return authority_problem(authority, len);
}

const char *pushgateway_url_problem(const char *url)
{
	const char *problem = url_problem(url);
	const char *path;
	size_t len;

	if (problem)
		return problem;
	path = url_authority(url, &len) + len;
	if (strchr(path, '?'))
		return "a Pushgateway takes no query; remove the ? and what follows";
	for (len = strlen(path); len > 0 && path[len - 1] == '/'; len--)
		;
	if (strstr(path, "/metrics/job") ||
	    (len >= 8 && strncmp(path + len - 8, "/metrics", 8) == 0))
		return "end it before /metrics, which is added with the labels of grouping";
	return NULL;
}
