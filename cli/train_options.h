/* What the verbs that train share: the flags of a recipe and the line of progress. */
#ifndef TRAIN_OPTIONS_H
#define TRAIN_OPTIONS_H

#include "cli.h"

/* The flags of a recipe as entries of a verb's table; `config` is a tam_train_config *, `deterministic_flag` a bool *.
 */
#define TRAIN_DATA_FLAGS(config)                                                                          \
    CLI_DATASET_NARROWING("", &(config)->data),                                                           \
        cli_int("size", &(config)->data.size, 1, 4096, "side of the images in pixels (as in the data)"),  \
        cli_int("channels", &(config)->data.channels, 1, 3, "1 grey, 3 colour (as in the data)"),         \
        CLI_CACHE_FLAG(&(config)->data),                                                                  \
        cli_text("val", &(config)->validation.path, "DIR|FILE.bin|DIR:PAIRS",                             \
                 "what to validate on after each epoch: images, best of other classes, or listed pairs"), \
        CLI_DATASET_NARROWING("val-", &(config)->validation)
#define TRAIN_NET_FLAG(config) cli_text("net", &(config)->net, "NAME[:k=v]", "backbone (conv4); tammes net lists them")
#define TRAIN_STEP_FLAGS(config, deterministic_flag)                                                                   \
    cli_int("epochs", &(config)->epochs, 1, 1000000, "epochs (10)"),                                                   \
        cli_int64("steps", &(config)->steps, 1, 1000000000000, "steps, instead of epochs"),                            \
        cli_int("batch", &(config)->batch, 1, 1 << 20, "images a step (128; with the sampler pk P K)"),                \
        cli_int("accumulate", &(config)->accumulate, 1, 1 << 16,                                                       \
                "batches a step, one after another in the memory of one (1)"),                                         \
        cli_text("dtype", &(config)->dtype, "f32|bf16|auto",                                                           \
                 "what the net computes in (f32); auto: bf16 where the processor has matrix units for it"),            \
        cli_text("recompute", &(config)->recompute, "sweeps|none|units",                                               \
                 "what is made again in backward instead of kept (sweeps); units: the least memory"),                  \
        cli_switch("deterministic", deterministic_flag, "the same bits on any number of threads"),                     \
        cli_text("tune", &(config)->tune, "off|fast|full",                                                             \
                 "off (default): the net's algorithms by rule; else measured when the run begins"),                    \
        cli_real("lr", &(config)->lr, 1e-12, 1e12, "learning rate (0.03)"),                                            \
        cli_real("momentum", &(config)->momentum, 0.0, 0.9999, "momentum of SGD (0.9)"),                               \
        cli_real("wd", &(config)->weight_decay, 0.0, 1.0, "weight decay (0.0005)"),                                    \
        cli_text("schedule", &(config)->schedule, "NAME[:k=v]",                                                        \
                 "cosine (default), constant, poly, step:at=0.5/0.75,by=0.1"),                                         \
        cli_real("warmup", &(config)->warmup, 0.0, 0.9, "share of the steps with a rising rate (0.02)"),               \
        cli_real("clip", &(config)->clip, 0.0, 1e30, "largest length of the net's gradient (5; 0: no clipping)"),      \
        cli_text("augment", &(config)->augment, "POLICY",                                                              \
                 "none (default), flip, affine, light, face, strong, or shift=0.1,..."),                               \
        cli_text("alignment", &(config)->alignment, "none|arcface112",                                                 \
                 "how the images are aligned (none), for the model file; tammes data align makes arcface112"),         \
        cli_text("sampler", &(config)->sampler, "NAME[:k=v]",                                                          \
                 "shuffle (default); pk:P=16,K=4: P classes, K images each; block: large files in pieces"),            \
        cli_text("head-dtype", &(config)->head_dtype, "f32|bf16|bf16-lean",                                            \
                 "f32 (default); bf16: faster products; bf16-lean: in half the memory, too"),                          \
        cli_workspace("head-workspace", &(config)->head_workspace,                                                     \
                      "memory of the head's step: bytes, or 500k, 64M, 1.5G (by 1000); 0: the least; auto (default)"), \
        cli_real("sample-rate", &(config)->sample_rate, 1e-9, 1.0,                                                     \
                 "share of the classes that take part in a step: the batch's and others at random (1)"),               \
        cli_int("gradient-filter", &(config)->gradient_filter, 0, 60,                                                  \
                "leave tiles of classes below a probability of 2^-N out of the gradient (0: exact)"),                  \
        cli_int("loader-threads", &(config)->loader_threads, 1, 256, "threads that decode and augment (1)"),           \
        cli_int("checkpoint-seconds", &(config)->checkpoint_seconds, 1, 1000000000,                                    \
                "seconds between checkpoints (60)"),                                                                   \
        cli_int("log-every", &(config)->log_every, 1, 1000000000, "steps between lines of log.jsonl (20)")

/* What the flags of a recipe hold before they are read. */
tam_train_config train_defaults(void);

/* After the flags were read: takes the call's seed, and names the user's file of tuning. A flag of 0 means 0; in the
 * configuration 0 means default. */
void train_settle(const cli_call *call, bool deterministic, tam_train_config *config);
/* Puts the value of the flag `name` into *recipe, as the command line would into `config`, whose fields the table
 * `options` names; `config` is as before in the end. Only settings of a recipe that are not its data can be changed so.
 * Fails with TAM_CONFIG: no such flag (the sentence names the nearest), or not a value of it. */
tam_status train_set(cli_call *call, const cli_option *options, int count, tam_train_config *config, const char *name,
                     const char *value, tam_train_config *recipe);
/* Trains and shows the progress. */
tam_status train_run(const cli_call *call, const tam_train_config *settled, tam_train_result *result);

#endif
