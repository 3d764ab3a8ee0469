/* Status codes. Every fallible function of tammes returns one; the sentence that explains a failure, with the
 * file and the value that caused it, is in the context (tam_ctx_message). */
#ifndef TAMMES_STATUS_H
#define TAMMES_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TAM_API __attribute__((visibility("default")))
#define TAM_MUST_USE __attribute__((warn_unused_result))
#else
#define TAM_API
#define TAM_MUST_USE
#endif

/* X(name, number, text). The numbers 0 to 5 are also the exit codes of the program `tammes`. */
#define TAM_STATUS_LIST(X)                       \
    X(OK, 0, "success")                          \
    X(NEGATIVE, 1, "negative result")            \
    X(CONFIG, 2, "wrong usage or configuration") \
    X(INPUT, 3, "bad input")                     \
    X(RESOURCES, 4, "not enough resources")      \
    X(INTERNAL, 5, "internal error")             \
    X(STOPPED, 6, "stopped on request")

typedef enum tam_status {
#define TAM_STATUS_ENUM(name, number, text) TAM_##name = number,
    TAM_STATUS_LIST(TAM_STATUS_ENUM)
#undef TAM_STATUS_ENUM
} tam_status;

/* The general text of a status, never NULL; static, do not free. */
TAM_API const char *tam_status_text(tam_status status);

#ifdef __cplusplus
}
#endif
#endif
