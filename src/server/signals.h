/* Signals, for a process whose main thread waits for them: all that would end it by default are blocked in
 * every thread, so that none ends it without a drain. Faults (SIGSEGV and the like) and job control stay as
 * they are. */
#ifndef SS_SERVER_SIGNALS_H
#define SS_SERVER_SIGNALS_H

#include <signal.h>
#include <stdint.h>

enum ss_signal {
    SS_SIGNAL_NONE,   /* none came in time */
    SS_SIGNAL_END,    /* SIGTERM, SIGINT, SIGQUIT, SIGPWR, SIGXCPU: drain */
    SS_SIGNAL_RELOAD, /* SIGHUP */
    SS_SIGNAL_WAKE,   /* SIGUSR1: a thread has something to tell; or somebody else sent it */
    SS_SIGNAL_OTHER,
};

/* Blocks them, in the calling thread and those that it will start. */
void ss_signals_block(sigset_t *set);
/* Waits for one of set, ms at most; UINT64_MAX: for good. Reaps children that have ended meanwhile: the
 * process may be PID 1 of a container, and orphans are then its own. number: which it was. */
enum ss_signal ss_signals_wait(const sigset_t *set, uint64_t ms, int *number);
/* "SIGUSR2", "SIGRTMIN+3", in name, size bytes. */
void ss_signal_name(int number, char *name, size_t size);

#endif
