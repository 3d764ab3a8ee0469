/* Files that tammes does not read, by their first bytes. */
#include <stdio.h>
#include <string.h>

#include "check/inspect.h"

enum { SHOWN = 16 };

typedef struct signature {
    size_t at;
    const char *bytes;
    size_t size;
    const char *kind, *advice;
} signature;

/* B(text): its bytes and their number. */
#define B(text) (text), sizeof(text) - 1
static const signature signatures[] = {
    {0, B("PK\003\004"), "zip",
     "unpack it with unzip; a PyTorch checkpoint (.pt, .pth) is one, too: write its tensors "
     "as safetensors there, where it was trained"},
    {0, B("PK\005\006"), "empty zip", NULL},
    {0, B("\037\213"), "gzip", "unpack it with gunzip; what is IDX inside is read as it is"},
    {0, B("BZh"), "bzip2", "unpack it with bunzip2"},
    {0, B("\3757zXZ\0"), "xz", "unpack it with unxz"},
    {0, B("\050\265\057\375"), "zstd", "unpack it with unzstd"},
    {0, B("7z\274\257\047\034"), "7-Zip", "unpack it with 7z x"},
    {0, B("Rar!\032\007"), "RAR", "unpack it with unrar x"},
    {0, B("\211HDF\r\n\032\n"), "HDF5", "write its images as files or its arrays as .npy (h5py, numpy.save)"},
    {0, B("MATLAB 5.0 MAT-file"), "MATLAB 5", "write its arrays as .npy (scipy.io.loadmat, numpy.save)"},
    {0, B("\x12\x01\0\0\0\0\0\0"), "MXNet parameters", "convert them to safetensors, where MXNet still runs"},
    {0, B("\x80\002\x8a\012\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"), "PyTorch checkpoint of before 1.6",
     "it is a pickle, which can run code: open it only where it was made, and write its tensors as safetensors"},
    {0, B("\x80\002"), "Python pickle", "a pickle can run code, and tammes reads only that of verification sets"},
    {0, B("\x80\003"), "Python pickle", "a pickle can run code, and tammes reads only that of verification sets"},
    {0, B("\x80\004"), "Python pickle", "a pickle can run code, and tammes reads only that of verification sets"},
    {0, B("\x80\005"), "Python pickle", "a pickle can run code, and tammes reads only that of verification sets"},
    {0, B("\010\003\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("\010\004\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("\010\005\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("\010\006\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("\010\007\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("\010\010\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("\010\011\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("\010\012\022"), "ONNX", "a network as inference programs want it; tammes does not read it"},
    {0, B("ARROW1"), "Arrow", "write its images as files (pyarrow)"},
    {0, B("PAR1"), "Parquet", "write its images as files: datasets of that kind hold them in a column of bytes"},
    {0, B("SQLite format 3"), "SQLite", "write its images as files"},
    {16, B("\xde\xc0\xef\xbe"), "LMDB", "write its values, which are often encoded images, as files"},
    {0, B("GIF8"), "GIF", "write its first picture as PNG"},
    {0, B("II*\0"), "TIFF", "write it as PNG"},
    {0, B("MM\0*"), "TIFF", "write it as PNG"},
    {8, B("WEBP"), "WebP", "write it as PNG or JPEG"},
    {0, B("BM"), "BMP", "write it as PNG"},
    {0, B("8BPS"), "Photoshop", "write it as PNG"},
    {4, B("ftypheic"), "HEIC", "write it as PNG or JPEG"},
    {4, B("ftypmif1"), "HEIF", "write it as PNG or JPEG"},
    {4, B("ftypavif"), "AVIF", "write it as PNG or JPEG"},
    {4, B("ftyp"), "MP4 or QuickTime video", "write its frames as images: ffmpeg -i FILE frames/%06d.png"},
    {8, B("AVI "), "AVI video", "write its frames as images: ffmpeg -i FILE frames/%06d.png"},
    {0, B("\x1A\x45\xDF\xA3"), "Matroska or WebM video", "write its frames as images: ffmpeg -i FILE frames/%06d.png"},
    {0, B("\0\0\001\272"), "MPEG video", "write its frames as images: ffmpeg -i FILE frames/%06d.png"},
    {0, B("%PDF-"), "PDF", NULL},
    {0, B("\177ELF"), "program or library", NULL},
};

static const signature *find(const tam_place *place) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *s = &signatures[i];
        if (s->at + s->size <= place->start_size && memcmp(place->start + s->at, s->bytes, s->size) == 0) {
            return s;
        }
    }
    return NULL;
}

static bool recognise(const tam_place *place) {
    return place->kind == TAM_PATH_FILE;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    const signature *found = find(place);
    char shown[3 * SHOWN + 1] = "";
    if (place->start_size == 0) {
        inspection->info.kind = "empty file";
        return TAM_OK;
    }
    for (size_t i = 0; i < SHOWN && i < place->start_size; i++) {
        snprintf(shown + 3 * i, 4, "%02x ", place->start[i]);
    }
    shown[strlen(shown) - 1] = '\0';
    inspection->info.kind = found != NULL ? found->kind : "unknown";
    inspection->info.advice = found != NULL ? found->advice : "no format that tammes knows begins like this";
    return tam_state(inspection, "first_bytes", "%s", shown);
}

const tam_inspector tam_inspector_signature = {recognise, inspect};
