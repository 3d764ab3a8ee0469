# A thin front for CMake + Ninja. `make demo` and `make test` do all set-up on a fresh Debian 12 machine.

BUILD := build
ASAN := build/asan
WERROR := $(or $(TAM_WERROR),OFF)
CMAKE := cmake -G Ninja -DTAM_WERROR=$(WERROR)
PREFIX := $(or $(PREFIX),/usr/local)

.PHONY: all program deps test asan checks demo bench bench-peers install format clean

all: deps
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release
	@ninja -C $(BUILD)

deps:
	@tools/install-deps

# The sanitised build of all tests runs first, so that the closing summary is that of the release build.
test: all checks asan
	@ctest --test-dir $(BUILD) --output-on-failure -j 2

asan: deps
	@$(CMAKE) -S . -B $(ASAN) -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTAM_SANITIZE=ON
	@ninja -C $(ASAN)
	@UBSAN_OPTIONS=print_stacktrace=1 ctest --test-dir $(ASAN) --output-on-failure -j 2 -E '^cli_'

checks: deps
	@tools/check-floors
	@tools/check-format
	@tools/check-sizes

program: deps
	@$(CMAKE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release
	@ninja -C $(BUILD) tammes

demo: program
	@tools/demo $(BUILD)

bench: all
	@tools/bench $(BUILD)

bench-peers: all
	@tools/install-deps --peers
	@tools/bench $(BUILD) --peers

install: all
	@cmake --install $(BUILD) --prefix $(PREFIX)

format:
	@tools/check-format --fix

clean:
	rm -rf build
