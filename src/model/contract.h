/* The part of a model file that says how images must come to it: order of the channels, mirror images, alignment, and
 * which classes it was trained on. docs/model.md lists the keys. */
#ifndef MODEL_CONTRACT_H
#define MODEL_CONTRACT_H

#include <stdbool.h>

#include "base/memory.h"
#include "io/safetensors.h"
#include "tammes/model.h"

#define TAM_CONTRACT_VERSION "1"
#define TAM_ALIGNMENT_NONE "none"
#define TAM_ALIGNMENT_ARCFACE "arcface112"

enum { TAM_CONTRACT_FACTS = 6, TAM_DIGEST_ROOM = 9, TAM_POINTS_ROOM = 256 };

/* Ready to be written. */
typedef struct tam_contract {
    const char *channel_order, *flip, *alignment;
    char points[TAM_POINTS_ROOM]; /* "x y x y ...", or "" without an alignment */
    char digest[TAM_DIGEST_ROOM]; /* of the classes */
} tam_contract;

/* Fails with TAM_CONFIG for an alignment that is not known. */
TAM_MUST_USE tam_status tam_alignment_check(tam_ctx *ctx, const char *alignment);

/* names: one after another, each with its closing zero. alignment NULL: none. */
TAM_MUST_USE tam_status tam_contract_make(tam_ctx *ctx, int channels, bool flip, const char *alignment,
                                          const char *names, size_t bytes, tam_contract *contract);
/* As metadata; returns how many. */
int tam_contract_facts(const tam_contract *contract, tam_metadata facts[TAM_CONTRACT_FACTS]);

/* Reads the keys into *info, whose channels are known; its strings live in the arena or are static. A file without any
 * of them gets the defaults; one with some of them, with an unknown value or with one that contradicts another fails
 * with TAM_INPUT. */
TAM_MUST_USE tam_status tam_contract_read(tam_ctx *ctx, const char *path, const tam_tensors *tensors, tam_arena *arena,
                                          const char *names, size_t bytes, tam_model_info *info);

#endif
