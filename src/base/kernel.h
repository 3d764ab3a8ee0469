/* Run-time choice of vector code: a function marked TAM_KERNEL is compiled for several processors and the loader picks
 * the best one that this machine has. The build itself stays plain x86-64. */
#ifndef BASE_KERNEL_H
#define BASE_KERNEL_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define TAM_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TAM_KERNEL
#endif

/* A piece of a kernel: compiled for the kernel's processor, because it becomes part of it. */
#define TAM_KERNEL_PART static inline __attribute__((always_inline))

#endif
