// SPDX-License-Identifier: Apache-2.0
#include "notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_MESSAGE = 512 };

static void send_message(const char *message)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n > sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@') /* an abstract name begins with NUL */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL,
		     (struct sockaddr *)&to,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

/* A line of the message ends at a newline, so the text must not hold one. */
static void send_text(const char *before, const char *text)
{
	char message[MAX_MESSAGE];
	int n = snprintf(message, sizeof message, "%s", before);

	snprintf(message + n, sizeof message - (size_t)n, "STATUS=%s", text);
	for (char *p = message + n; (p = strchr(p, '\n'));)
		*p = ' ';
	send_message(message);
}

void notify_ready(const char *text)
{
	send_text("READY=1\n", text);
}

void notify_status(const char *text)
{
	send_text("", text);
}

void notify_reloading(void)
{
	char message[MAX_MESSAGE];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	send_message(message);
}

void notify_stopping(void)
{
	send_message("STOPPING=1");
}

void notify_watchdog(void)
{
	send_message("WATCHDOG=1");
}

void notify_extend(int64_t ms)
{
	char message[MAX_MESSAGE];

	snprintf(message, sizeof message, "EXTEND_TIMEOUT_USEC=%" PRId64, ms * 1000);
	send_message(message);
}

int64_t notify_watchdog_ms(void)
{
	const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	int64_t usec = text ? strtoll(text, NULL, 10) : 0;

	if (usec <= 0 || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return usec < 2000 ? 1 : usec / 2000;
}
