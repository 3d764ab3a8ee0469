#include "tammes/machine.h"

#include <sched.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "backend/backend.h"
#include "base/free_memory.h"
#include "base/system_facts.h"

static size_t free_on_disk(const char *folder) {
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0) {
        return SIZE_MAX;
    }
    unsigned long long bytes;
    bool overflow = __builtin_mul_overflow((unsigned long long)disk.f_bavail, disk.f_frsize, &bytes);
    return overflow || bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
}

static int usable_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

void tam_machine_describe(const tam_ctx *ctx, const char *folder, tam_machine *machine) {
    const tam_backend *backend = tam_backend_at(0);
    *machine = (tam_machine){
        .processors = usable_processors(),
        .threads = tam_ctx_threads(ctx),
        .memory_total = tam_total_memory(""),
        .memory_limit = tam_memory_limit(""),
        .memory_free = tam_free_memory(""),
        .disk_free = free_on_disk(folder != NULL ? folder : "."),
    };
    tam_processor_name("", machine->processor, sizeof machine->processor);
    tam_huge_pages_setting("", machine->huge_pages, sizeof machine->huge_pages);
    snprintf(machine->kernels_f32, sizeof machine->kernels_f32, "%s", backend->class_products(TAM_CLASS_F32)->name);
    snprintf(machine->kernels_bf16, sizeof machine->kernels_bf16, "%s", backend->class_products(TAM_CLASS_BF16)->name);
}
