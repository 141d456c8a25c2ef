# `make bench`: this module against libcurl alone. Part of the Makefile.

BENCH = $(addprefix $(BUILD)/spec/bench/,raw measure ca_folder.so) \
  $(if $(WSLAY_FLAGS),$(BUILD)/spec/bench/raw_stream)

bench:
	@sh .ci/deps.sh run bench
	@$(MAKE) --no-print-directory run-bench

run-bench: all $(BENCH)
	@$(LUA) spec/bench/run.lua

# what is preloaded finds only libraries that were loaded with it
$(BUILD)/spec/bench/%.so: spec/bench/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -shared $(LDFLAGS) \
	  -o $@ $< -Wl,--no-as-needed $(CURL_LIBS) -ldl

# -E: lua-cjson finds Lua in the program
$(BUILD)/spec/bench/%: spec/bench/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(FLAGS) $(LUA_CFLAGS) $(CFLAGS) -MMD -MP -Wl,-E $(LDFLAGS) \
	  -o $@ $< $(shell $(PKG) --libs $(LUA_PC)) $(CORE_LIBS) -lm -ldl

.PHONY: bench run-bench
