# The front door. `make help` says what there is; CMakePresets.json says how it is built.

JOBS ?= $(shell nproc)
CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime
export CCACHE_SLOPPINESS

# Programs without torch and Open MPI, whose own leaks at exit would drown ours.
OWN_TESTS := '^(unit\.(sweeps|storage|datasets|analysis|coordinator|slurm|cli)|fuzz\.)'

.PHONY: help setup build test demo asan chaos fuzz bench format lint clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: ## install what is missing (root: at once; terminal: asks; else lists it, exit 2)
	@scripts/setup.sh

build: setup ## build/release/harrow, build/release/harrow-worker and the tests
	@mkdir -p build
	@cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	cmake --build --preset release -j $(JOBS)

test: build ## every test that this machine can run
	@scripts/setup.sh --optional slurm-wlm munge shellcheck gnuplot-nox chromium
	ctest --preset release -j $(JOBS)

demo: build ## a sweep from images to a mean ± std table, in under three minutes
	@scripts/demo.sh

asan: setup ## unit, golden, mpi and e2e tests under AddressSanitizer and UBSan
	cmake --preset asan
	cmake --build --preset asan -j $(JOBS)
	ctest --preset asan -j $(JOBS) -R $(OWN_TESTS)
	ASAN_OPTIONS=detect_leaks=0 ctest --preset asan -j $(JOBS) -E $(OWN_TESTS)

chaos: build ## 100 kills of everything, of workers and of ranks, at random moments (HARROW_CHAOS_COUNT)
	HARROW_CHAOS_COUNT=$${HARROW_CHAOS_COUNT:-100} ctest --preset release -L chaos

fuzz: setup ## 100,000 damaged inputs of each kind under AddressSanitizer and UBSan
	cmake --preset asan
	cmake --build --preset asan -j $(JOBS) --target fuzz_tests
	HARROW_FUZZ_COUNT=$${HARROW_FUZZ_COUNT:-100000} ctest --preset asan -j $(JOBS) -L fuzz

bench: build ## benchmarks; results go to bench/results/
	@bench/run.sh

format: ## clang-format every source file
	@scripts/setup.sh clang-format
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

lint: ## formatting, include rules, clang-tidy
	@scripts/setup.sh clang-format clang-tidy
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run --Werror
	@python3 tests/unit/layering_test.py .
	cmake --preset tidy
	cmake --build --preset tidy -j $(JOBS)

clean: ## forget every build
	rm -rf build
