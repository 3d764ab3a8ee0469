#include "doctor.h"

/* Bytes, or null where they are unknown. */
static json_t *megabytes(size_t bytes) {
    return bytes == 0 || bytes == SIZE_MAX ? json_null() : json_real((double)bytes / 1e6);
}

static void print_gigabytes(const char *before, size_t bytes, const char *after) {
    if (bytes != 0 && bytes != SIZE_MAX) {
        printf("%s%.1f GB%s", before, (double)bytes / 1e9, after);
    }
}

static const char *known(const char *text) {
    return *text != '\0' ? text : "unknown";
}

static void print(const tam_machine *machine, const tam_bench_limits *limits) {
    printf("processor       %s, %d thread%s at work on %d processor%s\n", known(machine->processor), machine->threads,
           machine->threads == 1 ? "" : "s", machine->processors, machine->processors == 1 ? "" : "s");
    printf("head's kernels  f32 %s, bf16 %s\n", machine->kernels_f32, machine->kernels_bf16);
    printf("memory         ");
    print_gigabytes(" ", machine->memory_total, "");
    print_gigabytes(", limited to ", machine->memory_limit, "");
    print_gigabytes(", free ", machine->memory_free, "");
    printf("; huge pages: %s\n", known(machine->huge_pages));
    print_gigabytes("disk            ", machine->disk_free, " free here\n");
    printf("products        f32 %.0f GFLOP/s", limits->product_gflops);
    if (limits->product_bf16_gflops > 0.0) {
        printf(", bf16 %.0f GFLOP/s", limits->product_bf16_gflops);
    }
    printf("; memory %.1f GB/s in an update\n", limits->memory_gbs);
}

tam_status doctor_machine(doctor_checkup *checkup) {
    tam_machine machine;
    tam_bench_limits limits;
    tam_machine_describe(checkup->call->ctx, NULL, &machine);
    tam_bench_config config = {.seconds = 0.6, .bytes = (size_t)200 << 20};
    tam_status status = tam_bench_measure(checkup->call->ctx, &config, &limits);
    if (status != TAM_OK) {
        return status;
    }
    if (!checkup->call->json) {
        print(&machine, &limits);
        return TAM_OK;
    }
    doctor_add(checkup, "machine",
               json_pack("{s:o, s:i, s:i, s:{s:s, s:s}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "processor",
                         cli_json_text(machine.processor), "processors", machine.processors, "threads", machine.threads,
                         "kernels", "f32", machine.kernels_f32, "bf16", machine.kernels_bf16, "memory_mb",
                         megabytes(machine.memory_total), "memory_limit_mb", megabytes(machine.memory_limit),
                         "memory_free_mb", megabytes(machine.memory_free), "huge_pages",
                         cli_json_text(machine.huge_pages), "disk_free_mb", megabytes(machine.disk_free),
                         "product_gflops", cli_json_real(limits.product_gflops), "product_bf16_gflops",
                         limits.product_bf16_gflops > 0.0 ? cli_json_real(limits.product_bf16_gflops) : json_null(),
                         "memory_gbs", cli_json_real(limits.memory_gbs)));
    return TAM_OK;
}
