# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
#
# make            build/agizo                         make coverage   the suite, at least 90 % of lines of src/
# make run        the service and its stand-ins       make asan       the suite under ASan and UBSan
# make test       unit and flow tests                 make tsan       the suite under ThreadSanitizer
# make lint       every check of the source           make fuzz       each fuzz target, FUZZ_SECONDS (10) long
# make bench      throughput beside pgbench           make chaos      kill -9 and broken connections under load
# make clang      build-clang/agizo, its unit tests   make cost       what a request costs, against bounds
# make mutation   each check of a token, a state, an owner forced to pass: the suite must fail
# FLOW=part_of_name runs only those flow tests (test, asan, tsan); FLOW=none runs the unit tests alone.
# The first target that needs something missing installs it (tools/setup).

FUZZ_SECONDS ?= 10

all:
	@tools/setup build
	@tools/configure build
	@ninja -C build --quiet agizo

# npm first: the page /docs is built with what it brings.
run:
	@tools/setup run
	@$(MAKE) --no-print-directory all
	@dev/node dev/run.mjs build/agizo

test:
	@tools/setup test
	@$(MAKE) --no-print-directory all
	@tools/check build

lint:
	@tools/setup lint
	@tools/configure build
	@tools/lint build

coverage:
	@tools/setup test coverage
	@tools/configure build-coverage -Doptimization=0 -Db_coverage=true
	@find build-coverage -name '*.gcda' -delete
	@tools/check build-coverage
	@tools/coverage build-coverage 90

# By clang: gcc's two runtimes beside each other lose the log path, and its warnings err in sanitized code.
asan:
	@tools/setup test clang
	@CC=clang tools/configure build-asan -Db_sanitize=address,undefined -Db_lundef=false
	@tools/check build-asan

tsan:
	@tools/setup test clang
	@CC=clang tools/configure build-tsan -Db_sanitize=thread -Db_lundef=false
	@tools/check build-tsan

fuzz:
	@tools/setup clang
	@CC=clang tools/configure build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	@tools/fuzz build-fuzz $(FUZZ_SECONDS)

clang:
	@tools/setup clang
	@CC=clang tools/configure build-clang
	@ninja -C build-clang --quiet agizo unit

bench: all
	@tools/setup bench
	@bench/run

chaos: all
	@tools/setup test
	@AGIZO_BIN=$(CURDIR)/build/agizo dev/node tests/chaos/run.mjs
	@AGIZO_BIN=$(CURDIR)/build/agizo dev/node tests/chaos/sender.mjs

# MUTATION=--only=PATTERN takes some checks; tests/mutation/run.mjs tells how they are listed.
mutation:
	@tools/setup build test
	@dev/node tests/mutation/run.mjs $(MUTATION)

# COST=--print prints the bounds anew; tests/cost/run.mjs lists the options.
cost: all
	@tools/setup cost
	@AGIZO_BIN=$(CURDIR)/build/agizo dev/node tests/cost/run.mjs $(COST)

clean:
	rm -rf build build-asan build-bench build-clang build-coverage build-fuzz build-tsan .run

.PHONY: all run test lint coverage asan tsan fuzz clang bench chaos mutation cost clean
