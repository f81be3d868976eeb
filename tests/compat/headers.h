/* What headers.c offers: 0, or the line that went wrong. */
#ifndef WEIR_TESTS_COMPAT_HEADERS_H_
#define WEIR_TESTS_COMPAT_HEADERS_H_

#ifdef __cplusplus
extern "C" {
#endif

int compat_libkern(void);
int compat_malloc(void);
void *compat_malloc_too_much(int how);
int compat_malloc_of_libc(void);
int compat_old_names(void);
int compat_queue(void);
void compat_log(void);
void compat_panic(int how);

#ifdef __cplusplus
}
#endif

#endif
