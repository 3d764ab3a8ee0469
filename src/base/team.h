/* The thread team. Work is cut into tasks by the problem's size, never by the number of threads; a task's result must
 * not depend on which worker runs it or when. That is what makes our kernels give the same bits on 1 and on 64 threads.
 */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stdint.h>

#include "base/ctx.h"

/* worker is in [0, tam_ctx_threads(ctx)): it selects scratch memory, nothing else. */
typedef void (*tam_task)(void *argument, int64_t task, int worker);

/* Runs task 0 .. tasks-1 on the context's threads and returns when all are done. */
void tam_team_run(tam_ctx *ctx, int64_t tasks, tam_task run, void *argument);

/* The most threads that this process may have at work at once, whatever a context asks for (OMP_THREAD_LIMIT and the
 * like). A library that counted on more would wait for the missing ones for ever. */
int tam_team_most(void);

/* Makes the calling thread's OpenMP libraries (oneDNN) use the context's number of threads. */
void tam_team_enter(tam_ctx *ctx);

/* Keeps the OpenMP libraries that the calling thread calls on that thread alone, until tam_team_spread gets back what
 * this returned. */
int tam_team_confine(void);
void tam_team_spread(int confined);

#endif
