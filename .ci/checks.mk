# Test programs in C, `make lint` and `make check`. Part of the Makefile.

CORE_TESTS = $(patsubst %.c,$(BUILD)/%,$(wildcard spec/core/test_*.c))
HOSTS = $(addprefix $(BUILD)/spec/hosts/,slow_getaddrinfo.so slow_disk.so \
  watch_sigpipe.so alloc_host embed wipes) \
  $(addprefix $(BUILD)/spec/support/,watchdog.so delays.so)

# A program with its own __wrap_malloc (core/failing.h) gets it before libc's.
WRAP = $(if $(shell grep -l -e __wrap_malloc -e failing.h $<),\
  -Wl$(shell printf ',--wrap=%s' malloc calloc realloc \
  $$(grep -o -m1 '__real_free' $< | sed 's/.*_//')))

programs: $(CORE_TESTS) $(HOSTS)

$(BUILD)/spec/core/%: spec/core/%.c $(CORE_OBJ)
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(CORE_OBJ) \
	  $(WRAP) $(CORE_LIBS) -lm -pthread

$(BUILD)/spec/hosts/%.so: spec/hosts/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -shared $(LDFLAGS) -o $@ $< -ldl

$(BUILD)/spec/support/%.so: spec/support/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(FLAGS) $(LUA_CFLAGS) $(CFLAGS) -MMD -MP $(LIBFLAG) $(LDFLAGS) \
	  -o $@ $<

$(BUILD)/spec/hosts/%: spec/hosts/%.c $(CORE_OBJ) $(BINDING_OBJ)
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(FLAGS) $(LUA_CFLAGS) $(CFLAGS) -MMD -MP -Wl,-E $(LDFLAGS) \
	  -o $@ $< $(CORE_OBJ) $(BINDING_OBJ) $(WRAP) \
	  $(shell $(PKG) --libs $(LUA_PC)) $(CORE_LIBS) -lm -ldl -pthread

.PHONY: programs

# --- lint ---

LUA_FILES = $(shell find .ci lua spec src examples -name '*.lua') \
  src/command/etoro
C_FILES = $(wildcard src/*/*.[ch] src/*/*/*.[ch] spec/*/*.[ch] examples/*.c)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
APART = $(MAKE) --no-print-directory -j$(JOBS)
STRICT = CFLAGS="-O2 -g -Werror"

lint:
	@sh .ci/deps.sh run test lint
	@$(MAKE) --no-print-directory lint-lua lint-format lint-circles \
	  lint-warnings lint-bugs

lint-lua:
	@luacheck -q $(LUA_FILES)
	@$(LUA) .ci/lint.lua $(LUA_FILES) $(C_FILES)
	@$(LUA) .ci/dialect.lua $(LUA_FILES)
	@$(LUA) .ci/arrows.lua

lint-format:
	@sh .ci/format.sh $(C_FILES)

format:
	@sh .ci/format.sh --fix $(C_FILES)

lint-circles: $(sort $(CORE_OBJ) $(BINDING_OBJ) $(if $(HTTPD),$(HTTPD_OBJ)))
	@$(LUA) .ci/circles.lua $(wildcard src/*/*.[ch] src/*/*/*.[ch]) $^

lint-warnings:
	$(APART) $(STRICT) BUILD=$(BUILD)/gcc CC=gcc all programs
	$(APART) $(STRICT) BUILD=$(BUILD)/clang CC=clang all programs
	clang $(FLAGS) $(LUA_CFLAGS) -Werror -fsyntax-only $(wildcard spec/fuzz/*.c)

lint-bugs:
	cppcheck -q --std=c11 --enable=warning,portability --inline-suppr \
	  --suppressions-list=.ci/cppcheck.txt --error-exitcode=1 -Isrc src spec

.PHONY: lint lint-lua lint-format lint-circles lint-warnings lint-bugs format

# --- check ---

FUZZERS = $(patsubst %.c,$(BUILD)/%,$(wildcard spec/fuzz/*.c))
FUZZ = address,undefined -fno-sanitize-recover=undefined
SAN = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=undefined
QUICK = --exclude-tags=slow,timed
# CHECK=long: all that there is, in some two hours. Without it, what is done again and
# again is done less often: valgrind sees the specs tagged "memory", which together
# reach 99 of 100 lines of C that all of them reach; the sanitizers leave out those
# tagged "lua", in whose process hardly any C is at work.
LONG = $(filter long,$(CHECK))

# Of objects that are made once for all of them.
fuzzers:
	$(APART) BUILD=$(BUILD)/fuzz CC=clang \
	  CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,$(FUZZ)" all-fuzzers

all-fuzzers: $(FUZZERS)

# With Lua in them: one compares with lua-cjson, one has a stream read.
$(BUILD)/spec/fuzz/fuzz_json $(BUILD)/spec/fuzz/fuzz_stream: FUZZED = \
  $(BINDING_OBJ) $(shell $(PKG) --libs $(LUA_PC))

$(BUILD)/spec/fuzz/%: spec/fuzz/%.c $(CORE_OBJ) $(BINDING_OBJ)
	@mkdir -p $(@D)
	$(say) FUZZ $<
	$(Q)$(CC) $(FLAGS) $(LUA_CFLAGS) $(CFLAGS) -fsanitize=fuzzer,$(FUZZ) -MMD -MP -o $@ \
	  $< $(CORE_OBJ) $(FUZZED) $(CORE_LIBS) -lm -pthread

check:
	@sh .ci/deps.sh run test lint page judge packages site debian
	$(MAKE) --no-print-directory -k check-valgrind check-sanitizers
	$(APART) -k -O check-threads check-fuzz check-cuts check-numbers check-portable \
	  check-report check-grademark check-mcp check-prism check-deb check-site

# A folder or a file that is named is seen as a whole.
check-valgrind: PICKED = $(if $(LONG)$(filter-out spec,$(SPEC)),,memory)
check-valgrind: all programs
	SPEC_LIMIT=1800 JOBS=$(SPEC_JOBS) WITH=$(PICKED) WITHOUT=lua sh .ci/each.sh "$(SPEC)" \
	  valgrind -q --error-exitcode=99 \
	  --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite \
	  --child-silent-after-fork=yes --suppressions=.ci/valgrind.supp \
	  $(LUA) $(BUSTED) $(QUICK),long,lua $(if $(PICKED),--tags=$(PICKED))

# Two Lua states in two threads, and the journal's own. Only what runs in
# spec/hosts/embed: the lua command has no sanitizer of this kind in it.
check-threads:
	$(APART) BUILD=$(BUILD)/tsan CC=clang \
	  CFLAGS="-O1 -g -fsanitize=thread" run-threads

run-threads: $(addprefix $(BUILD)/,etoro/core.so spec/hosts/embed \
  spec/core/test_journal)
	$(BUILD)/spec/core/test_journal
	SPEC_LIMIT=0 $(LUA) $(BUSTED) --tags=threads spec/engine/hosts_spec.lua
	SPEC_LIMIT=0 $(LUA) $(BUSTED) --tags=threads spec/stream/threads_spec.lua

# Also what takes long: memory that fails at each step.
check-sanitizers:
	$(APART) BUILD=$(BUILD)/san CC=gcc CFLAGS="$(SAN)" \
	  run-sanitizers

run-sanitizers: PRELOAD = $(shell $(CC) -print-file-name=libasan.so)
run-sanitizers: PRELOADED = SPEC_PRELOAD=$(PRELOAD) LD_PRELOAD=$(PRELOAD)
run-sanitizers: export ASAN_OPTIONS = detect_leaks=1:abort_on_error=0
run-sanitizers: export LSAN_OPTIONS = \
  suppressions=$(CURDIR)/.ci/lsan.supp:print_suppressions=0
run-sanitizers: export UBSAN_OPTIONS = print_stacktrace=1
run-sanitizers: export SPEC_LIMIT = 1800
run-sanitizers: LEFT_OUT = $(if $(LONG)$(filter-out spec,$(SPEC)),,lua)
run-sanitizers: all programs
	JOBS=$(SPEC_JOBS) WITHOUT=$(LEFT_OUT) sh .ci/each.sh "$(SPEC)" \
	  env $(PRELOADED) $(LUA) $(BUSTED) $(QUICK)$(LEFT_OUT:%=,%)

check-numbers: TEXTS = $(if $(LONG),1000000,200000)
check-numbers: all programs
	ETORO_ROUNDTRIP=1000000 $(LUA) $(BUSTED) --tags=slow spec/values/json_spec.lua
	ETORO_DOUBLES=1500000 ETORO_TEXTS=$(TEXTS) $(LUA) $(BUSTED) --tags=slow \
	  spec/values/judged_spec.lua

# Without the instructions that only some machines have.
check-portable:
	$(APART) BUILD=$(BUILD)/portable CFLAGS="$(SAN) -DETORO_PORTABLE" CC=gcc \
	  SPEC=spec/values run-sanitizers

check-fuzz: fuzzers
	@for f in $(FUZZERS:$(BUILD)/%=$(BUILD)/fuzz/%); do \
	  sh .ci/fuzz.sh $$f $(or $(FUZZ_SECONDS),$(if $(LONG),60,20)) || exit 1; done

# A stream that is cut a thousand times; SEED does the same again.
check-cuts: all programs
	CUTS=1000 SPEC_LIMIT=3600 $(LUA) $(BUSTED) spec/stream/cuts_spec.lua \
	  spec/stream/cuts_private_spec.lua

# The specs while each of their processes is late by chance, in the way of
# spec/support/delays.c, and what nobody promised the order of comes in any, in the way
# of spec/support/chance.lua: what depends on which is faster fails now and then.
check-delays: DELAYS = $(abspath $(BUILD))/spec/support/delays.so
check-delays: CHANCE = $(or $(SEED),$(shell date +%s))
check-delays: all programs
	SPEC_LIMIT=1800 JOBS=$(SPEC_JOBS) sh .ci/each.sh "$(SPEC)" \
	  env SPEC_PRELOAD=$(DELAYS) LD_PRELOAD=$(DELAYS) SPEC_CHANCE=$(CHANCE) \
	  $(addsuffix =@$(CURDIR)/spec/support/chance.lua,LUA_INIT_5_4 LUA_INIT_5_5) $(LUA) $(BUSTED) $(QUICK),long

# Pages of backtests in a browser; what they look like is left below $(BUILD).
check-report: PAGES = $(BUILD)/report
check-report: all
	@rm -rf $(PAGES) && mkdir -p $(PAGES)/pages
	$(LUA) .ci/report_pages.lua $(PAGES)/pages
	/usr/bin/python3 .ci/report.py $(PAGES) $(PAGES)/pages/*.html

# What specs know of programs of npm's, against these themselves. Where they
# cannot be had, what is known of them stands in the specs all the same.
FETCH = timeout 120 npm install --no-audit --no-fund --ignore-scripts --loglevel=error --prefix

check-grademark: MODULES = $(abspath $(BUILD))/grademark
check-grademark: all programs
	@mkdir -p $(MODULES)
	@if $(FETCH) $(MODULES) grademark@0.3.0 data-forge@1.10.5 chai@4.5.0; then \
	  GRADEMARK=$(MODULES)/node_modules $(LUA) $(BUSTED) \
	    spec/backtest/grademark_spec.lua; \
	else echo "grademark cannot be had: it is not asked"; fi

check-mcp: MODULES = $(abspath $(BUILD))/mcp
check-mcp: all programs
	@mkdir -p $(MODULES)
	@if $(FETCH) $(MODULES) @modelcontextprotocol/sdk@1.32.2; then \
	  MCP_SDK=$(MODULES)/node_modules $(LUA) $(BUSTED) spec/serve/sdk_spec.lua; \
	else echo "the protocol's client cannot be had: it is not asked"; fi

# The sandbox and the requests of this tree, held against the API's documents, which
# are not in it.
check-prism: MODULES = $(abspath $(BUILD))/prism
check-prism: all programs
	@mkdir -p $(MODULES)
	@if [ -z "$(OPENAPI)" ]; then \
	  echo 'no OPENAPI="document ...": requests and answers are held against none'; \
	elif $(FETCH) $(MODULES) @stoplight/prism-cli@5.14.2; then \
	  PRISM=$(MODULES)/node_modules/.bin/prism $(LUA) spec/prism/run.lua "$(OPENAPI)"; \
	else echo "Prism cannot be had: it is not asked"; fi

# The package of `make deb`, installed on a fresh Debian of this machine's suite.
check-deb: run-deb
	lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs \
	  --allow-root $(BUILD)/lua-etoro_$(VERSION)-*.deb
	@sh .ci/check_deb.sh "$$(ls $(BUILD)/lua-etoro_$(VERSION)-*.deb)" \
	  "$$(. /etc/os-release && echo "$$VERSION_CODENAME")"

check-site: run-site

.PHONY: check check-deb check-site check-valgrind check-sanitizers check-threads check-numbers \
  check-portable check-fuzz check-cuts check-delays check-report check-grademark check-mcp check-prism run-sanitizers run-threads \
  fuzzers all-fuzzers

# --- mutate ---

# Plants faults and tells which ones no spec notices; takes hours. MUTANTS: how
# many, SEED: which ones, FILES: parts of paths, JOBS: how many at a time.
mutate: all
	@$(LUA) -e 'package.path = "./?.lua;" .. package.path' spec/mutate/main.lua

.PHONY: mutate
