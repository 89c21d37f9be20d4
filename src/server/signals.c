#include "server/signals.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static enum ss_signal meaning(int number)
{
    switch (number) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
    case SIGPWR:
    case SIGXCPU:
        return SS_SIGNAL_END;
    case SIGHUP:
        return SS_SIGNAL_RELOAD;
    case SIGUSR1:
        return SS_SIGNAL_WAKE;
    default:
        return SS_SIGNAL_OTHER;
    }
}

static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

void ss_signals_block(sigset_t *set)
{
    static const int numbers[] = {SIGTERM, SIGINT,  SIGQUIT,   SIGPWR,  SIGXCPU, SIGHUP,    SIGUSR1,
                                  SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,   SIGSTKFLT, SIGCHLD};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(set, numbers[i]);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        sigaddset(set, number);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    reap(); /* those that ended before, and told nobody */
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

enum ss_signal ss_signals_wait(const sigset_t *set, uint64_t ms, int *number)
{
    uint64_t end = ms == UINT64_MAX ? UINT64_MAX : now_ms() + ms;
    while (true) {
        uint64_t now = now_ms(), left = end == UINT64_MAX ? UINT64_MAX : end > now ? end - now : 0;
        struct timespec t = {.tv_sec = (time_t)(left / 1000), .tv_nsec = (long)(left % 1000) * 1000000};
        *number = sigtimedwait(set, NULL, left == UINT64_MAX ? NULL : &t);
        if (*number == SIGCHLD)
            reap();
        else if (*number > 0)
            return meaning(*number);
        else if (left == 0)
            return SS_SIGNAL_NONE;
    }
}

void ss_signal_name(int number, char *name, size_t size)
{
    const char *text = sigabbrev_np(number);
    if (text)
        snprintf(name, size, "SIG%s", text);
    else
        snprintf(name, size, "SIGRTMIN+%d", number - SIGRTMIN);
}
