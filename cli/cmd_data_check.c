/* tammes data check: what is wrong with a data set, before a week of training. */
#include <unistd.h>

#include "data_check.h"

enum { LONGEST_KEY = 4352, SHOWN_SIZES = 8 };

/* Shared names alone prove nothing when all classes are shared: that is a closed set. */
static int64_t shared_names(const check_job *job) {
    int64_t shared = 0;
    for (int k = 0; k < job->against->count; k++) {
        const tam_check_shared *one = &job->info.shared[k];
        shared += one->shared < one->classes ? one->shared : 0;
    }
    return shared;
}

static void list_findings(const check_job *job, check_finding list[FINDINGS]) {
    const tam_check_info *info = &job->info;
    list[CORRUPT] = (check_finding){"corrupt", "images that cannot be read", info->corrupt_count};
    list[CONFLICTS] = (check_finding){"conflicts", "same pixels, other class", info->conflict_count};
    list[COPIES] = (check_finding){"copies", "same pixels, same class", info->copy_count};
    list[NEAR] = (check_finding){"near", "near duplicates", info->near_count};
    list[BLANK] = (check_finding){"blank", "images of one value", info->blank_count};
    list[SMALL] = (check_finding){"small", "classes too small", job->small_matters ? info->small_count : 0};
    list[LEAKS] = (check_finding){"leaks", "also in evaluation sets", info->leak_count};
    list[NAMES] = (check_finding){"shared_names", "class names shared with them", shared_names(job)};
    list[ALIKE] = (check_finding){"alike", "classes that look the same", info->alike_count};
}

static void print_key(const tam_dataset *data, int64_t image) {
    char key[LONGEST_KEY];
    tam_dataset_image_key(data, image, key, sizeof key);
    cli_print_name(key);
}

static void print_twins(const check_job *job, const tam_check_twin *twins, int64_t count, const char *words) {
    const tam_dataset *data = tam_check_set(job->check, 0);
    for (int64_t k = 0; k < count && k < job->most; k++) {
        const tam_check_twin *one = &twins[k];
        const tam_dataset *set = tam_check_set(job->check, one->set);
        int32_t a = tam_dataset_label(data, one->image), b = tam_dataset_label(set, one->twin);
        printf("  ");
        print_key(data, one->image);
        printf("  %s  ", words);
        if (one->set > 0) {
            cli_print_name(job->against->word[one->set - 1]);
            printf(" ");
        }
        print_key(set, one->twin);
        if (one->alike < 1) {
            printf("  %.4f", (double)one->alike);
        }
        printf("%s%s\n", one->mirrored ? "  mirrored" : "", one->set == 0 && a != b ? "  another class" : "");
    }
}

static void print_corrupt(const check_job *job) {
    for (int64_t k = 0; k < job->info.corrupt_count && k < job->most; k++) {
        char reason[1024];
        tam_check_reason(job->check, job->info.corrupt[k], reason, sizeof reason);
        printf("  ");
        print_key(tam_check_set(job->check, 0), job->info.corrupt[k]);
        printf("  ");
        cli_print_name(reason);
        printf("\n");
    }
}

static void print_classes(const check_job *job, int number) {
    const tam_dataset *data = tam_check_set(job->check, 0);
    int64_t count = number == SMALL ? job->info.small_count : job->info.alike_count;
    for (int64_t k = 0; k < count && k < job->most; k++) {
        const tam_check_classes *pair = &job->info.alike[k];
        printf("  ");
        cli_print_name(tam_dataset_class_name(data, number == SMALL ? job->info.small[k] : pair->a));
        if (number == ALIKE) {
            printf("  ");
            cli_print_name(tam_dataset_class_name(data, pair->b));
            printf("  %.1f degrees", (double)pair->angle);
        }
        printf("\n");
    }
}

static void print_rows(const check_job *job, int number) {
    const tam_check_info *info = &job->info;
    switch (number) {
    case CORRUPT:
        print_corrupt(job);
        break;
    case CONFLICTS:
        print_twins(job, info->conflict, info->conflict_count, "=");
        break;
    case COPIES:
        print_twins(job, info->copy, info->copy_count, "=");
        break;
    case NEAR:
        print_twins(job, info->near, info->near_count, "~");
        break;
    case BLANK:
        for (int64_t k = 0; k < info->blank_count && k < job->most; k++) {
            printf("  ");
            print_key(tam_check_set(job->check, 0), info->blank[k]);
            printf("\n");
        }
        break;
    case LEAKS:
        print_twins(job, info->leak, info->leak_count, "in");
        break;
    case SMALL:
    case ALIKE:
        print_classes(job, number);
        break;
    default:
        break;
    }
}

static void print_counts(const check_job *job) {
    const tam_check_info *info = &job->info;
    printf("%s: %lld images", tam_dataset_kind(tam_check_set(job->check, 0)), (long long)info->images);
    if (info->classes > 0) {
        printf(" of %lld classes, %lld to %lld each, median %lld; %lld classes are small", (long long)info->classes,
               (long long)info->fewest, (long long)info->most, (long long)info->median, (long long)info->small_count);
    }
    printf("\n");
    for (int64_t k = 0; k < info->sizes && k < SHOWN_SIZES; k++) {
        const tam_check_size *size = &info->size[k];
        printf("%10lld  %d x %d %s\n", (long long)size->count, size->width, size->height,
               size->channels == 1 ? "grey" : "RGB");
    }
    if (info->sizes > SHOWN_SIZES) {
        printf("            %lld more sizes\n", (long long)(info->sizes - SHOWN_SIZES));
    }
    for (int k = 0; k < job->against->count; k++) {
        const tam_check_shared *one = &info->shared[k];
        printf("against ");
        cli_print_name(job->against->word[k]);
        printf(": %lld images of %lld classes, %lld with names of the data%s", (long long)one->images,
               (long long)one->classes, (long long)one->shared,
               one->classes > 0 && one->shared == one->classes ? " (a closed set)" : "");
        if (one->unreadable > 0) {
            printf("; %lld cannot be read", (long long)one->unreadable);
        }
        printf("\n");
    }
}

static int64_t print_table(const check_job *job, const check_finding list[FINDINGS]) {
    int64_t all = 0;
    print_counts(job);
    for (int number = 0; number < FINDINGS; number++) {
        if (list[number].count > 0) {
            all += list[number].count;
            printf("%s: %lld\n", list[number].words, (long long)list[number].count);
            print_rows(job, number);
            if (list[number].count > job->most) {
                printf("  ... and %lld more\n", (long long)(list[number].count - job->most));
            }
        }
    }
    if (job->info.near_cut) {
        printf("so many images look alike that not all near duplicates were looked for\n");
    }
    printf(all > 0 ? "" : "nothing is wrong\n");
    if (job->fix_list != NULL) {
        cli_print_name(job->fix_list);
        printf(": %lld fix%s\n", (long long)job->fixes, job->fixes == 1 ? "" : "es");
    }
    return all;
}

static void show_progress(void *user, int64_t done, int64_t all) {
    static const int64_t plain_interval = 1 << 20; /* of images, where lines are not written over */
    bool terminal = isatty(STDERR_FILENO) == 1;
    if (terminal || done == all || done % plain_interval == 0) {
        cli_note(user, "%s%lld of %lld images%s", terminal ? "\r" : "", (long long)done, (long long)all,
                 done == all || !terminal ? "\n" : "");
    }
}

static tam_status tell(check_job *job) {
    check_finding list[FINDINGS];
    int64_t all = 0;
    list_findings(job, list);
    if (job->call->json) {
        for (int number = 0; number < FINDINGS; number++) {
            all += list[number].count;
        }
        tam_status status = cli_print_json(job->call, check_json(job, list));
        if (status != TAM_OK) {
            return status;
        }
    } else {
        all = print_table(job, list);
    }
    return all == 0 ? TAM_OK
                    : cli_fail(job->call, TAM_NEGATIVE, "%s: %lld finding%s", job->call->operands[0], (long long)all,
                               all == 1 ? "" : "s");
}

tam_status cli_data_check(cli_call *call) {
    cli_words against = {0};
    tam_dataset_config sets[CLI_MOST_WORDS] = {0};
    check_job job = {.call = call, .against = &against, .most = 10};
    tam_check_config config = {0};
    const char *against_split = NULL;
    bool without_near = false;
    const cli_option options[] = {
        CLI_DATASET_NARROWING("", &config.data),
        cli_int64("least", &config.least, 1, INT64_C(1) << 40, "classes with fewer images are a finding"),
        cli_several("against", &against, "DATA", "an evaluation set: are its images in the data too?"),
        cli_text("against-split", &against_split, "NAME", "its split (train)"),
        cli_text("model", &config.model, "RUN|FILE", "finds classes that look the same"),
        cli_switch("without-near", &without_near, "do not look for near duplicates"),
        cli_text("fix-list", &job.fix_list, "FILE", "write a list of fixes for --fixes"),
        cli_int64("most", &job.most, 0, INT64_C(1) << 40, "rows to show of each finding (10); --json has all"),
    };
    const cli_usage usage = {
        .synopsis = "DATA [options]",
        .example = "tammes data check photos --fix-list fixes.txt\n"
                   "tammes data check photos --fixes fixes.txt --against lfw",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .least_operands = 1,
        .most_operands = 1,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    if (cli_refuse_existing(call, job.fix_list) != TAM_OK) {
        return call->status;
    }
    for (int k = 0; k < against.count; k++) {
        sets[k] = (tam_dataset_config){.path = against.word[k], .split = against_split};
    }
    job.small_matters = config.least > 0;
    config.data.path = call->operands[0];
    config.against = sets;
    config.against_count = against.count;
    config.without_near = without_near;
    config.stop = cli_catch_signals();
    config.progress = show_progress;
    config.progress_user = call;
    tam_status status = tam_check_run(call->ctx, &config, &job.check);
    if (status == TAM_OK && job.fix_list != NULL) {
        status = tam_check_write_fixes(job.check, job.fix_list, &job.fixes);
    }
    if (status == TAM_OK) {
        job.info = tam_check_describe(job.check);
        status = tell(&job);
    }
    tam_check_free(job.check);
    return status;
}
