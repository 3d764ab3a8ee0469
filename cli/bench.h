/* What the benchmarks share. */
#ifndef BENCH_H
#define BENCH_H

/* Seconds of a clock that never jumps. */
double bench_now(void);
/* Sorts, so that times[0] is the least, times[count / 2] the median, and the last the largest. */
void bench_sort(double *times, int count);
/* The most memory that the process has had, in MB (2^20 bytes). */
double bench_peak_mb(void);

#endif
