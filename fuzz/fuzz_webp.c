/* WebP files: the header's size must be the decoded one's, and nothing may be read or written outside. */
#include "fuzz_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_image(data, size);
    return 0;
}
