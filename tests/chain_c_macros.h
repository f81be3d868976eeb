// What chain_c_macros.c, compiled as C11, offers to the test that runs it.
#ifndef WEIR_TESTS_CHAIN_C_MACROS_H_
#define WEIR_TESTS_CHAIN_C_MACROS_H_

#ifdef __cplusplus
extern "C" {
#endif

// 0, or the line of chain_c_macros.c that went wrong.
int c_get_and_free(void);
int c_prepend_and_header(void);
int c_external(void);
int c_fields(void);
int c_queues(void);
int c_uio_and_mchain(void);
int c_chains(void);

#ifdef __cplusplus
}
#endif

#endif  // WEIR_TESTS_CHAIN_C_MACROS_H_
