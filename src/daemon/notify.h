// SPDX-License-Identifier: Apache-2.0
/*
 * notify: tells systemd how we are (sd_notify(3), by hand: it is one datagram).
 *
 * Without $NOTIFY_SOCKET none of these does anything. None blocks, and none
 * fails: a message that the manager does not take is lost.
 *
 *	notify_ready("3 sources, 2 destinations");
 *	every notify_watchdog_ms(): notify_watchdog();
 *	on SIGHUP:  notify_reloading(); ... notify_ready(...);
 *	on SIGTERM: notify_stopping(); notify_extend(10000);
 */
#ifndef SLURM_PUSHER_NOTIFY_H
#define SLURM_PUSHER_NOTIFY_H

#include <stdint.h>

/* Started, or done with reloading. The text is what `systemctl status` shows. */
void notify_ready(const char *text);
void notify_status(const char *text);
void notify_reloading(void);
void notify_stopping(void);
void notify_watchdog(void);

/* Asks for this much time from now on before a start or stop counts as hanging. */
void notify_extend(int64_t ms);

/* How often to say notify_watchdog(): half of what the unit allows, at least 1 ms;
 * 0 when nobody waits for it. */
int64_t notify_watchdog_ms(void);

#endif
