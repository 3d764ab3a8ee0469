/* tammes data clean: wrong labels, as a trained model sees them. */
#include "cli.h"

enum { LONGEST_KEY = 4352 };

typedef struct clean_job {
    cli_call *call;
    tam_clean *clean;
    tam_clean_info info;
    const cli_words *against;
    const char *list, *page;
    int64_t most, fixes;
} clean_job;

static const char *class_name(const clean_job *job, int32_t c) {
    return tam_dataset_class_name(tam_clean_data(job->clean), c);
}

static void print_key(const clean_job *job, int64_t image) {
    char key[LONGEST_KEY];
    tam_dataset_image_key(tam_clean_data(job->clean), image, key, sizeof key);
    cli_print_name(key);
}

static void print_opening(const char *words, int64_t count) {
    if (count > 0) {
        printf("%s: %lld\n", words, (long long)count);
    }
}

static void print_rest(const clean_job *job, int64_t count) {
    if (count > job->most) {
        printf("  ... and %lld more\n", (long long)(count - job->most));
    }
}

static void print_images(const clean_job *job, const char *words, const tam_clean_image *list, int64_t count) {
    print_opening(words, count);
    for (int64_t k = 0; k < count && k < job->most; k++) {
        printf("  ");
        print_key(job, list[k].image);
        printf("  %.1f from its centre, %.1f from ", (double)list[k].own_angle, (double)list[k].other_angle);
        cli_print_name(list[k].other >= 0 ? class_name(job, list[k].other) : "no other");
        printf("\n");
    }
    print_rest(job, count);
}

static void print_merges(const clean_job *job) {
    const tam_clean_info *info = &job->info;
    print_opening("one identity under two names", info->merge_count);
    for (int64_t k = 0; k < info->merge_count && k < job->most; k++) {
        printf("  ");
        cli_print_name(class_name(job, info->merge[k].b));
        printf("  is  ");
        cli_print_name(class_name(job, info->merge[k].a));
        printf("  %.1f degrees\n", (double)info->merge[k].angle);
    }
    print_rest(job, info->merge_count);
}

static void print_overlaps(const clean_job *job) {
    const tam_clean_info *info = &job->info;
    for (int s = 0; s < job->against->count; s++) {
        printf("against ");
        cli_print_name(job->against->word[s]);
        printf(": %lld images of %lld people, limit %.1f degrees", (long long)info->against[s].images,
               (long long)info->against[s].people, info->against[s].limit);
        if (info->against[s].missed >= 0) {
            printf(", %.1f%% of them are further from their own", 100 * info->against[s].missed);
        }
        printf("\n");
    }
    print_opening("people of evaluation sets", info->overlap_count);
    for (int64_t k = 0; k < info->overlap_count && k < job->most; k++) {
        const tam_clean_overlap *one = &info->overlap[k];
        printf("  ");
        print_key(job, one->image);
        printf("  shows  ");
        cli_print_name(tam_clean_person(job->clean, one->set, one->person));
        printf("  %.1f degrees\n", (double)one->angle);
    }
    print_rest(job, info->overlap_count);
}

static void print_table(const clean_job *job) {
    const tam_clean_info *info = &job->info;
    printf("%lld images of %lld classes", (long long)info->images, (long long)info->classes);
    if (info->classes > 1) {
        printf(
            ": half of them within %.1f degrees of their centre, %.1f of the nearest other; limits: margin %.1f, far "
            "%.1f, same %.1f",
            info->own_angle, info->other_angle, info->margin, info->far, info->same);
    }
    printf("\n");
    print_images(job, "nearer to another class", info->move, info->move_count);
    print_merges(job);
    print_images(job, "far from every centre", info->drop, info->drop_count);
    print_overlaps(job);
    if (job->list != NULL) {
        cli_print_name(job->list);
        printf(": %lld fixes\n", (long long)job->fixes);
    }
}

static json_t *json_key(const clean_job *job, int64_t image) {
    char key[LONGEST_KEY];
    tam_dataset_image_key(tam_clean_data(job->clean), image, key, sizeof key);
    return cli_json_text(key);
}

static json_t *json_images(const clean_job *job, const tam_clean_image *list, int64_t count) {
    json_t *rows = json_array();
    for (int64_t k = 0; k < count; k++) {
        json_t *row = json_pack("{s:o, s:o, s:o, s:o}", "image", json_key(job, list[k].image), "class",
                                cli_json_text(class_name(job, list[k].own)), "own_degrees",
                                cli_json_real((double)list[k].own_angle), "other_degrees",
                                cli_json_real((double)list[k].other_angle));
        if (list[k].other >= 0) {
            json_object_set_new(row, "other", cli_json_text(class_name(job, list[k].other)));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *json_merges(const clean_job *job) {
    json_t *rows = json_array();
    for (int64_t k = 0; k < job->info.merge_count; k++) {
        const tam_check_classes *one = &job->info.merge[k];
        json_array_append_new(rows, json_pack("{s:o, s:o, s:o}", "class", cli_json_text(class_name(job, one->b)),
                                              "into", cli_json_text(class_name(job, one->a)), "degrees",
                                              cli_json_real((double)one->angle)));
    }
    return rows;
}

static json_t *json_overlaps(const clean_job *job) {
    json_t *rows = json_array();
    for (int64_t k = 0; k < job->info.overlap_count; k++) {
        const tam_clean_overlap *one = &job->info.overlap[k];
        json_array_append_new(rows, json_pack("{s:o, s:o, s:o, s:o}", "image", json_key(job, one->image), "set",
                                              cli_json_text(job->against->word[one->set]), "person",
                                              cli_json_text(tam_clean_person(job->clean, one->set, one->person)),
                                              "degrees", cli_json_real((double)one->angle)));
    }
    return rows;
}

static json_t *json_against(const clean_job *job) {
    json_t *rows = json_array();
    for (int s = 0; s < job->against->count; s++) {
        const tam_clean_against *one = &job->info.against[s];
        json_array_append_new(rows,
                              json_pack("{s:o, s:I, s:I, s:o, s:o}", "set", cli_json_text(job->against->word[s]),
                                        "images", (json_int_t)one->images, "people", (json_int_t)one->people, "limit",
                                        cli_json_real(one->limit), "missed", cli_json_real(one->missed)));
    }
    return rows;
}

static json_t *json_of(const clean_job *job) {
    const tam_clean_info *info = &job->info;
    json_t *object = json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "images", (json_int_t)info->images, "classes",
                               (json_int_t)info->classes, "own_degrees", cli_json_real(info->own_angle),
                               "other_degrees", cli_json_real(info->other_angle), "margin", cli_json_real(info->margin),
                               "far", cli_json_real(info->far), "same", cli_json_real(info->same));
    json_object_set_new(object, "move", json_images(job, info->move, info->move_count));
    json_object_set_new(object, "drop", json_images(job, info->drop, info->drop_count));
    json_object_set_new(object, "merge", json_merges(job));
    json_object_set_new(object, "overlap", json_overlaps(job));
    json_object_set_new(object, "against", json_against(job));
    if (job->list != NULL) {
        json_object_set_new(object, "fixes", json_integer((json_int_t)job->fixes));
    }
    return object;
}

static tam_status tell(clean_job *job) {
    const tam_clean_info *info = &job->info;
    int64_t all = info->move_count + info->drop_count + info->merge_count + info->overlap_count;
    if (job->call->json) {
        tam_status status = cli_print_json(job->call, json_of(job));
        if (status != TAM_OK) {
            return status;
        }
    } else {
        print_table(job);
    }
    return all == 0 ? TAM_OK
                    : cli_fail(job->call, TAM_NEGATIVE, "%s: %lld findings", job->call->operands[0], (long long)all);
}

static tam_status write_and_tell(clean_job *job) {
    tam_status status = TAM_OK;
    if (job->list != NULL) {
        status = tam_clean_write_fixes(job->clean, job->list, &job->fixes);
    }
    if (status == TAM_OK && job->page != NULL) {
        status = tam_clean_write_page(job->clean, job->page, 0);
    }
    return status == TAM_OK ? tell(job) : status;
}

tam_status cli_data_clean(cli_call *call) {
    cli_words against = {0};
    tam_dataset_config sets[CLI_MOST_WORDS] = {0};
    clean_job job = {.call = call, .against = &against, .most = 10};
    tam_clean_config config = {0};
    const char *against_split = NULL;
    const cli_option options[] = {
        cli_required(cli_text("model", &config.model, "RUN|FILE", "run directory or model file")),
        CLI_DATASET_NARROWING("", &config.data),
        cli_text("out", &job.list, "FILE", "write a list of fixes for --fixes (-o)"),
        cli_text("page", &job.page, "FILE", "write an HTML page with small pictures"),
        cli_several("against", &against, "DATA", "an evaluation set: do images show its people?"),
        cli_text("against-split", &against_split, "NAME", "its split (train)"),
        cli_real("margin", &config.margin, 0.001, 180, "degrees nearer to another centre: wrong class (10)"),
        cli_real("far", &config.far, 0.001, 180, "degrees from the own centre: nobody (from the data)"),
        cli_real("same", &config.same, -1, 180, "degrees between centres: one identity (30); -1: not looked for"),
        cli_real("overlap", &config.overlap, 0.001, 180, "degrees from a person of --against (from that set)"),
        cli_int64("most", &job.most, 0, INT64_C(1) << 40, "rows to show of each kind (10); --json has all"),
    };
    const cli_usage usage = {
        .synopsis = "DATA --model RUN [options]",
        .example = "tammes data clean photos --model runs/first -o fixes.txt --page doubts.html\n"
                   "tammes data clean strangers --model runs/first --against probes",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .least_operands = 1,
        .most_operands = 1,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    if (cli_refuse_existing(call, job.list) != TAM_OK || cli_refuse_existing(call, job.page) != TAM_OK) {
        return call->status;
    }
    for (int k = 0; k < against.count; k++) {
        sets[k] = (tam_dataset_config){.path = against.word[k], .split = against_split};
    }
    config.data.path = call->operands[0];
    config.against = sets;
    config.against_count = against.count;
    tam_status status = tam_clean_run(call->ctx, &config, &job.clean);
    if (status == TAM_OK) {
        job.info = tam_clean_describe(job.clean);
        status = write_and_tell(&job);
    }
    tam_clean_free(job.clean);
    return status;
}
