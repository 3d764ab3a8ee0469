#!/usr/bin/env bash
# What is installed can be built against: pkg-config, both libraries, every public header alone, and no other symbols.
set -u
tammes=$(readlink -f "$1")
build=$(dirname "$tammes")
source "$TAMMES_SOURCE/tests/cli/helpers.sh"
if nm -D "$build/libtammes.so" | grep -q __asan_init; then
    echo "skipped: the sanitised library needs the sanitiser's own link flags"
    exit 77
fi
prefix=$scratch/prefix
cmake --install "$build" --prefix "$prefix" >/dev/null || fail "it cannot be installed"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name tammes.pc)")
library=$(pkg-config --variable=libdir tammes)

expect_exit 0 '' "$tammes" synth glyphs -o "$scratch/seen" --ids 6 --per-id 6 --quiet
expect_exit 0 '' "$tammes" train --data "$scratch/seen" --out "$scratch/run" --steps 2 --batch 8 --dim 8 --quiet
# shellcheck disable=SC2046 # flags are words
expect_exit 0 '' cc "$TAMMES_SOURCE/examples/embed.c" $(pkg-config --cflags --libs tammes) -lm -o "$scratch/shared"
expect_exit 0 'same glyph' env LD_LIBRARY_PATH="$library" "$scratch/shared" "$scratch/run"

mkdir "$scratch/user"
cat >"$scratch/user/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.22)
project(user LANGUAGES C)
find_package(tammes REQUIRED)
add_executable(user "$TAMMES_SOURCE/examples/embed.c")
target_link_libraries(user PRIVATE tammes::tammes m)
END
expect_exit 0 '' cmake -S "$scratch/user" -B "$scratch/user/build" -DCMAKE_PREFIX_PATH="$prefix"
expect_exit 0 '' cmake --build "$scratch/user/build"
expect_exit 0 'same glyph' "$scratch/user/build/user" "$scratch/run"

rm "$library"/libtammes.so* # now only the archive is left to be found
# shellcheck disable=SC2046
expect_exit 0 '' cc "$TAMMES_SOURCE/examples/embed.c" $(pkg-config --cflags --libs --static tammes) -o "$scratch/static"
expect_exit 0 'same glyph' "$scratch/static" "$scratch/run"

for header in "$prefix"/include/tammes/*.h; do
    echo "#include <tammes/$(basename "$header")>" >"$scratch/alone.c"
    for compiler in "cc -std=c17" "c++ -std=c++17 -x c++"; do
        command -v "${compiler%% *}" >/dev/null || continue
        # shellcheck disable=SC2086
        expect_exit 0 '' $compiler -Wall -Wextra -Wpedantic -Werror -I"$prefix/include" -fsyntax-only "$scratch/alone.c"
    done
done

nm -D --defined-only "$build/libtammes.so" | awk '{print $3}' | sort >"$scratch/exported"
grep -ohE 'tam_[a-z0-9_]+\(' <(grep -h -A2 '^TAM_API' "$prefix"/include/tammes/*.h) | tr -d '(' | sort -u >"$scratch/declared"
cmp "$scratch/declared" "$scratch/exported" || fail "exported is not what is declared: $(diff "$scratch/declared" "$scratch/exported")"
finish
