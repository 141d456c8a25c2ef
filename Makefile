# Builds etoro/core.so (and etoro/httpd.so, the sandbox's HTTP server) below
# $(BUILD). `make demo` and `make test` are all a fresh Debian machine needs.
BUILD  ?= build
LUA    ?= $(shell command -v lua5.4 || command -v lua54 || \
    { lua -v 2>&1 | grep -q '5\.[45]' && echo lua; } || \
    command -v lua5.5 || echo lua5.4)
# 5.4 or 5.5: as what is called so says
LUA_V  := $(or $(shell $(LUA) -e 'io.write(_VERSION:match "[0-9.]+")' \
    2>/dev/null),5.4)
# what the installed etoro command begins with
LUA_COMMAND ?= /usr/bin/env $(notdir $(LUA))
PKG    ?= pkg-config
BUSTED ?= $(shell command -v busted)
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^return "\(.*\)"$$/\1/p' lua/etoro/values/version.lua)
PORT   ?= 8080
EXAMPLE ?= agent_portfolio
SPEC   ?= spec
SPEC_JOBS ?= $(shell echo $$(($$(nproc 2>/dev/null || echo 2) + 2)))

# V=1 shows whole commands
Q = $(if $(V),,@)
say = @$(if $(V),:,echo "  ")

# LuaRocks says where the parts of a rock go
IS_ROCK := $(INST_LUADIR)
INST_LUADIR ?= $(PREFIX)/share/lua/$(LUA_V)
INST_LIBDIR ?= $(PREFIX)/lib/lua/$(LUA_V)
INST_BINDIR ?= $(PREFIX)/bin

# First pkg-config name that stands for that Lua; LuaRocks gives LUA_INCDIR.
LUA_PC := $(shell for name in lua$(LUA_V) lua-$(LUA_V) \
    lua$(subst .,,$(LUA_V)) lua; do \
    $(PKG) --exists "$$name >= $(LUA_V) $$name < $(LUA_V).99" 2>/dev/null && \
    echo $$name && break; done)
LUA_CFLAGS := $(if $(LUA_INCDIR),-I$(LUA_INCDIR),\
    $(if $(LUA_PC),$(shell $(PKG) --cflags $(LUA_PC))))
CURL_CFLAGS := $(shell $(PKG) --cflags libcurl 2>/dev/null)
CURL_LIBS := $(shell $(PKG) --libs libcurl 2>/dev/null || echo -lcurl)
# What unpacks answers; without one of them its encodings are not offered.
has = $(shell $(PKG) --exists $(1) 2>/dev/null && echo yes)
UNPACKERS := $(if $(call has,zlib),zlib) \
  $(if $(call has,libbrotlidec),libbrotlidec)
UNPACK_FLAGS := $(if $(UNPACKERS),$(shell $(PKG) --cflags $(UNPACKERS))) \
  $(if $(filter zlib,$(UNPACKERS)),-DETORO_WITH_ZLIB) \
  $(if $(filter libbrotlidec,$(UNPACKERS)),-DETORO_WITH_BROTLI)
# What frames a WebSocket's bytes; Debian's has no .pc file, so it is tried.
# Without it there are no streams, and features.websocket says so.
WSLAY_LIBS := $(shell probe=$$(mktemp) && \
  printf '\043include <wslay/wslay.h>\nint main(void)\n{\n  return wslay_event_recv(0);\n}\n' | \
  $(CC) $(CFLAGS) $(LDFLAGS) -x c -o "$$probe" - -lwslay 2>/dev/null && echo -lwslay; \
  rm -f "$$probe")
WSLAY_FLAGS := $(if $(WSLAY_LIBS),-DETORO_WITH_WSLAY)
CORE_LIBS := $(CURL_LIBS) $(if $(UNPACKERS),$(shell $(PKG) --libs $(UNPACKERS))) \
  $(WSLAY_LIBS)
MHD_LIBS := $(shell $(PKG) --libs libmicrohttpd 2>/dev/null)
MHD_CFLAGS := $(shell $(PKG) --cflags libmicrohttpd 2>/dev/null)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wcast-qual -Wwrite-strings \
  -Wstrict-prototypes -Wmissing-prototypes
FLAGS = -std=c11 -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L -Isrc -fPIC \
  -fvisibility=hidden -pthread $(WARN) $(CURL_CFLAGS)
$(BUILD)/core/net/unpack.o: FLAGS += $(UNPACK_FLAGS)
$(BUILD)/core/ws/frames.o $(BUILD)/core/ws/frames_none.o: FLAGS += $(WSLAY_FLAGS)
$(BUILD)/binding/%.o $(BUILD)/httpd/%.o: FLAGS += $(LUA_CFLAGS) $(MHD_CFLAGS)
ifeq ($(shell uname -s),Darwin)
  LIBFLAG ?= -bundle -undefined dynamic_lookup
else
  LIBFLAG ?= -shared
  # libcurl's resolver thread may outlive the Lua state, and so the module.
  NODELETE = -Wl,-z,nodelete
endif

TERMINAL_SRC = src/binding/lterminal.c src/binding/lcontrol.c
CORE_OBJ = $(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/core/*.c src/core/*/*.c))
BINDING_OBJ = $(patsubst src/%.c,$(BUILD)/%.o,\
  $(filter-out src/binding/lhttpd.c $(TERMINAL_SRC),$(wildcard src/binding/*.c)))
TERMINAL_OBJ = $(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/control/*.c) \
  $(TERMINAL_SRC) src/core/bytes/reason.c)
HTTPD_OBJ = $(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/httpd/*.c \
  src/binding/lhttpd.c) $(addprefix src/core/,bytes/buf.c bytes/digest.c bytes/file.c \
  bytes/ids.c bytes/reason.c bytes/secret.c bytes/sha1.c bytes/decimal.c net/headers.c \
  net/poller.c ws/frames.c ws/frames_none.c ws/handshake.c ws/utf8.c))
HTTPD = $(if $(and $(MHD_LIBS),$(HTTPD_OBJ)),$(BUILD)/etoro/httpd.so)
MODULES = $(BUILD)/etoro/core.so $(BUILD)/etoro/terminal.so $(HTTPD)

# In-tree modules for everything that is run from here, and no account but
# for `make run`.
export LUA_PATH = $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua;;
export LUA_CPATH = $(abspath $(BUILD))/?.so;;
unexport LUA_PATH_5_4 LUA_CPATH_5_4 LUA_INIT LUA_INIT_5_4
ifneq ($(MAKECMDGOALS),run)
unexport ETORO_API_KEY ETORO_USER_KEY ETORO_ACCESS_TOKEN ETORO_BASE_URL
endif
export BUILD LUA CC

all: $(MODULES)
	@$(if $(MHD_LIBS),:,echo "no libmicrohttpd: the sandbox cannot be served")

$(BUILD)/etoro/core.so: $(CORE_OBJ) $(BINDING_OBJ)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(LIBFLAG) $(NODELETE) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CORE_LIBS) -pthread

$(BUILD)/etoro/terminal.so: $(TERMINAL_OBJ)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(LIBFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/etoro/httpd.so: $(HTTPD_OBJ)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(LIBFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(MHD_LIBS) $(WSLAY_LIBS) -pthread

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

deps:
	@sh .ci/deps.sh run test lint

demo:
	@sh .ci/deps.sh run
	@$(MAKE) --no-print-directory run-demo

test:
	@sh .ci/deps.sh run test
	@$(MAKE) --no-print-directory run-test

# SUITE=bookworm, trixie or sid; CLEAN=1 makes its chroot anew
test-debian:
	@sh .ci/test_debian.sh "$(SUITE)"

run-demo: all
	@LUA=$(LUA) sh spec/support/demo.sh examples/agent_portfolio.lua
	@echo
	@LUA=$(LUA) sh spec/support/demo.sh examples/open_wait_close.lua
	@cat .ci/demo.txt

# One file as it is; of a directory, several files at a time: they mostly wait.
run-test: all programs
	@$(if $(filter %_spec.lua,$(SPEC)),,JOBS=$(SPEC_JOBS) sh .ci/each.sh "$(SPEC)") \
	  $(LUA) $(BUSTED) --exclude-tags=long $(filter %_spec.lua,$(SPEC))

sandbox: all
	@$(LUA) lua/etoro/sandbox/main.lua --port=$(PORT)

# EXAMPLE=any Lua file, or the name of one in examples/; ARGS=its arguments, as a
# shell reads them; with your own keys, or a sandbox where there are none.
run: all
	@LUA=$(LUA) sh .ci/example.sh $(call quoted,$(EXAMPLE)) $(ARGS)

# a path may hold blanks and quotes
quoted = '$(subst ','\'',$(1))'
LUADIR = $(call quoted,$(DESTDIR)$(INST_LUADIR))
LIBDIR = $(call quoted,$(DESTDIR)$(INST_LIBDIR)/etoro)
BINDIR = $(call quoted,$(DESTDIR)$(INST_BINDIR))
SHARE = $(call quoted,$(DESTDIR)$(PREFIX)/share)
PAGES = man/man1/etoro.1 bash-completion/completions/etoro.bash \
  zsh/site-functions/_etoro fish/vendor_completions.d/etoro.fish

# Whatever umask this and the checkout have: what is installed is for all to read.
install: all
	umask 022 && mkdir -p $(LUADIR) $(LIBDIR) $(BINDIR)
	rm -rf $(LUADIR)/etoro.new $(LUADIR)/etoro.old
	cp -R lua/etoro $(LUADIR)/etoro.new
	[ ! -d $(LUADIR)/etoro ] || mv $(LUADIR)/etoro $(LUADIR)/etoro.old
	mv $(LUADIR)/etoro.new $(LUADIR)/etoro
	rm -rf $(LUADIR)/etoro.old
	for module in $(MODULES); do name=$${module##*/} && \
	  cp $$module $(LIBDIR)/$$name.new && \
	  mv -f $(LIBDIR)/$$name.new $(LIBDIR)/$$name || exit 1; done
	sed '1s|.*|#!$(LUA_COMMAND)|' src/command/etoro >$(BINDIR)/etoro
	chmod -R u=rwX,go=rX $(LUADIR)/etoro $(LIBDIR)
	chmod 755 $(BINDIR)/etoro
	$(if $(IS_ROCK),,@sh .ci/pages.sh $(SHARE))
	$(if $(IS_ROCK)$(DESTDIR),,@sh .ci/scripts_find.sh $(LUA) $(LUA_V) $(call quoted,$(PREFIX)))

# What install has put there, with the same PREFIX and DESTDIR.
uninstall:
	rm -rf $(LUADIR)/etoro
	rm -f $(foreach module,$(notdir $(MODULES)) httpd.so,$(LIBDIR)/$(module))
	rm -f $(BINDIR)/etoro $(foreach page,$(PAGES),$(SHARE)/$(page))
	[ ! -d $(LIBDIR) ] || rmdir $(LIBDIR)

# OPENAPI=path of the API's OpenAPI document, which is not kept here: generate
# writes the tables of operations and pools from it, and what editors and specs
# know of answers; drift tells how it differs from them.
generate:
	@$(LUA) src/generate/main.lua generate "$(OPENAPI)"
	@$(LUA) src/generate/main.lua shapes "$(OPENAPI)"
	@$(LUA) src/generate/main.lua rows lua/etoro

# tells editors of the methods that are rows of a table
rows:
	@$(LUA) src/generate/main.lua rows lua/etoro

drift:
	@$(LUA) src/generate/main.lua drift "$(OPENAPI)"

# writes the rockspec of the version that lua/etoro/values/version.lua names;
# URL=where its source is published, such as git+https://HOST/lua-etoro.git
rockspec:
	@$(LUA) .ci/rockspec.lua rockspec $(call quoted,$(URL))

# A binary rock for this system, below $(BUILD): what `luarocks install` takes. What it
# depends on is not in it, and is not asked for.
ROCK = luarocks --lua-version $(LUA_V)
rock:
	rm -rf $(BUILD)/rock $(BUILD)/etoro-*.rock
	$(ROCK) make --deps-mode none --tree "$(abspath $(BUILD))/rock" $(ROCK_FLAGS) \
	  rockspec/etoro-$(VERSION)-1.rockspec
	cd $(BUILD) && $(ROCK) pack --tree "$(abspath $(BUILD))/rock" etoro $(VERSION)

# A package for this machine's Debian, below $(BUILD)
deb:
	@sh .ci/deps.sh run deb
	@$(MAKE) --no-print-directory run-deb

run-deb:
	@BUILD=$(BUILD) LUA=$(LUA) LUA_V=$(LUA_V) VERSION=$(VERSION) sh .ci/deb.sh

# README.md and doc/ as HTML, below $(BUILD)/site, with their links checked
site:
	@sh .ci/deps.sh site
	@$(MAKE) --no-print-directory run-site

run-site:
	@LUA=$(LUA) sh .ci/site/make.sh $(BUILD)/site

clean:
	rm -rf $(BUILD)

include .ci/checks.mk .ci/bench.mk
-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d)

.PHONY: all deps demo test test-debian sandbox run generate rows drift install \
  uninstall rockspec rock deb run-deb site run-site clean run-demo run-test
.DELETE_ON_ERROR:
