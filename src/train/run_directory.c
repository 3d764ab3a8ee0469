#include "train/run_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

enum { LARGEST_CONFIG = 1 << 20 };

static char *join(tam_arena *arena, const char *folder, const char *name) {
    size_t length = strlen(folder), rest = strlen(name);
    char *path = tam_arena_take(arena, length + rest + 2, 1);
    if (path != NULL) {
        memcpy(path, folder, length);
        path[length] = '/';
        memcpy(path + length + 1, name, rest + 1);
    }
    return path;
}

static tam_status name_files(tam_arena *arena, const char *out, tam_run_directory *directory) {
    directory->path = tam_arena_string(arena, out, strlen(out));
    directory->config = join(arena, out, "config.yaml");
    directory->classes = join(arena, out, "classes.txt");
    directory->log = join(arena, out, "log.jsonl");
    directory->last = join(arena, out, "last.safetensors");
    directory->best = join(arena, out, "best.safetensors");
    directory->tuning = join(arena, out, "tuning.txt");
    bool all = directory->path != NULL && directory->config != NULL && directory->classes != NULL &&
               directory->log != NULL && directory->last != NULL && directory->best != NULL &&
               directory->tuning != NULL;
    return all ? TAM_OK : TAM_RESOURCES;
}

static tam_status lock(tam_ctx *ctx, tam_run_directory *directory) {
    directory->lock = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory->lock < 0) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: cannot open the folder: %s", directory->path, strerror(errno));
    }
    if (flock(directory->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: another process trains in this folder", directory->path);
    }
    return TAM_OK; /* where the file system knows no locks we do without */
}

/* What a run leaves that was ended before it began, once its configuration was written. */
static bool is_left_over(const char *name) {
    static const char *const names[] = {".", "..", "config.yaml.tmp", "tuning.txt", "tuning.txt.tmp"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static tam_status check_empty(tam_ctx *ctx, const char *path) {
    DIR *folder = opendir(path);
    tam_status status = TAM_OK;
    if (folder == NULL) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: cannot read the folder: %s", path, strerror(errno));
    }
    for (struct dirent *entry; status == TAM_OK && (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        if (!is_left_over(name)) {
            status =
                tam_fail(ctx, TAM_CONFIG, "%s: the folder holds '%s' and no run; nothing is overwritten", path, name);
        }
    }
    closedir(folder);
    return status;
}

/* The value of `key` in the text: its start and length, or NULL. */
static const char *find_value(const char *text, const char *key, size_t key_length, size_t *length) {
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        if (line > key_length + 1 && strncmp(text, key, key_length) == 0 && text[key_length] == ':') {
            *length = line - key_length - 2;
            return text + key_length + 2;
        }
        text += line + (text[line] == '\n');
    }
    *length = strlen("absent");
    return NULL;
}

/* What may change when a run goes on: no bit depends on it. */
static bool may_change(const char *key, size_t length) {
    static const char *const keys[] = {"recompute", "tune"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        if (strlen(keys[k]) == length && strncmp(key, keys[k], length) == 0) {
            return true;
        }
    }
    return false;
}

/* Every line of `a` must be in `b` with the same value. */
static tam_status compare(tam_ctx *ctx, const char *path, const char *a, const char *b, bool a_is_old) {
    while (*a != '\0') {
        size_t line = strcspn(a, "\n"), key = strcspn(a, ":\n"), length;
        const char *value = line > key + 1 ? a + key + 2 : a + line;
        size_t own = line > key + 1 ? line - key - 2 : 0;
        const char *other = find_value(b, a, key, &length);
        if (line > 0 && !may_change(a, key) && (other == NULL || length != own || strncmp(value, other, own) != 0)) {
            const char *old = a_is_old ? value : other, *now = a_is_old ? other : value;
            int old_length = (int)(a_is_old ? own : length), now_length = (int)(a_is_old ? length : own);
            return tam_fail(ctx, TAM_CONFIG, "%s: the run there has %.*s: %.*s, this one %.*s; choose another --out",
                            path, (int)key, a, old_length, old != NULL ? old : "absent", now_length,
                            now != NULL ? now : "absent");
        }
        a += line + (a[line] == '\n');
    }
    return TAM_OK;
}

static tam_status check_same(tam_ctx *ctx, const tam_run_directory *directory, const char *text) {
    uint8_t *data;
    size_t size;
    TAM_TRY(tam_file_read(ctx, directory->config, LARGEST_CONFIG, &data, &size));
    const char *old = (const char *)data; /* tam_file_read ends it with a zero */
    tam_status status = compare(ctx, directory->config, text, old, false);
    if (status == TAM_OK) {
        status = compare(ctx, directory->config, old, text, true);
    }
    tam_release(ctx, data);
    return status;
}

/* Whether this run may use the folder. */
static tam_status look_inside(tam_ctx *ctx, const tam_train_config *config, const char *text,
                              const tam_run_directory *directory, bool *holds_run) {
    if (tam_path_look(directory->config) == TAM_PATH_ABSENT) {
        return check_empty(ctx, config->out);
    }
    if (config->resume == TAM_RESUME_NO) {
        return tam_fail(ctx, TAM_CONFIG, "%s: the folder holds a run, and --resume no forbids to continue it",
                        config->out);
    }
    *holds_run = true;
    return check_same(ctx, directory, text);
}

tam_status tam_run_directory_open(tam_ctx *ctx, tam_arena *arena, const tam_train_config *config, const char *text,
                                  tam_run_directory *directory, bool *holds_run) {
    directory->lock = -1;
    *holds_run = false;
    TAM_TRY(name_files(arena, config->out, directory));
    directory->fresh = tam_path_look(config->out) == TAM_PATH_ABSENT;
    TAM_TRY(tam_folder_make(ctx, config->out));
    TAM_TRY(lock(ctx, directory));
    return look_inside(ctx, config, text, directory, holds_run);
}

tam_status tam_run_directory_check(tam_ctx *ctx, tam_arena *arena, const tam_train_config *config, const char *text) {
    tam_run_directory directory = {.lock = -1};
    bool holds_run = false;
    if (tam_path_look(config->out) == TAM_PATH_ABSENT) {
        return TAM_OK;
    }
    TAM_TRY(name_files(arena, config->out, &directory));
    TAM_TRY(tam_folder_make(ctx, config->out)); /* it is there: this refuses what is no folder */
    return look_inside(ctx, config, text, &directory, &holds_run);
}

void tam_run_directory_close(tam_run_directory *directory) {
    if (directory->path != NULL && directory->fresh) {
        unlink(directory->tuning);
        rmdir(directory->path); /* if it is empty */
    }
    if (directory->path != NULL && directory->lock >= 0) {
        close(directory->lock);
        directory->lock = -1;
    }
}

/* Names to lines; a newline within a name becomes "\n". */
static size_t class_lines(const char *names, size_t bytes, char *lines) {
    size_t length = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (names[i] == '\n') {
            lines[length++] = '\\';
            lines[length++] = 'n';
        } else {
            lines[length++] = names[i] == '\0' ? '\n' : names[i];
        }
    }
    return length;
}

tam_status tam_run_directory_begin(tam_ctx *ctx, tam_run_directory *directory, const char *text,
                                   const char *class_names, size_t class_names_bytes) {
    char *lines = tam_allocate(ctx, class_names_bytes, 2, "the class names");
    if (lines == NULL) {
        return TAM_RESOURCES;
    }
    directory->fresh = false;
    tam_file_piece configuration = {text, strlen(text)};
    tam_file_piece classes = {lines, class_lines(class_names, class_names_bytes, lines)};
    tam_status status = tam_file_write(ctx, directory->config, &configuration, 1);
    if (status == TAM_OK) {
        status = tam_file_write(ctx, directory->classes, &classes, 1);
    }
    tam_release(ctx, lines);
    return status;
}
