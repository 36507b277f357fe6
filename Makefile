# SPDX-License-Identifier: MIT
#
# make            ./ovlrun, ./libovl.so, ./libovlsym.so, ./ovlload and ./ovlctl, usable where they are
# make check      every test; installs what is missing when root
# make lint       what must be true of the text and of the preloaded object
# make demo       a real package, built in the view
# make bench      what a call costs, beside native and other ways
# make bench-deps those other ways, by apt-get when root
# make deps       what build and tests need, by apt-get when root
# make install    to PREFIX
#
# V=1 shows the commands. Sources are found by wildcard; NAME_<machine>.[cS] is taken on that
# machine only.

-include config.mak

ifeq ($(origin CC),default)
CC         = gcc
endif
PREFIX    ?= /usr/local
DESTDIR   ?=
# Objects go to BUILD, programs to BIN: lint builds the same with another compiler elsewhere.
BUILD     ?= build
BIN       ?= .
ARCH      ?= $(shell uname -m)
MACHINES   = x86_64 aarch64
FOREIGN    = $(filter-out $(ARCH),$(MACHINES))
NATIVE     = $(filter-out $(FOREIGN:%=\%_%.c) $(FOREIGN:%=\%_%.S),$(1))

WARN       = -Wall -Wextra -Wvla -Wshadow -Wmissing-prototypes -Werror
ENGINE     = -std=gnu11 -O2 -g -ffreestanding -fno-stack-protector -U_FORTIFY_SOURCE -fno-lto \
	     -fvisibility=hidden -fPIC -mgeneral-regs-only -fasynchronous-unwind-tables \
	     $(WARN) -Wframe-larger-than=512 -Iinclude -Ishim -Ipreload -Iloader
ENGINE_LD  = -shared -nostdlib -Wl,-z,now -Wl,-z,norelro -Wl,-z,noseparate-code -Wl,-z,defs \
	     -Wl,-z,initfirst -Wl,-z,noexecstack -Wl,--sort-section=name
HOSTED     = -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) -Iinclude -Ilauncher -Itools \
	     -DOVL_LIBDIR='"$(PREFIX)/lib/ovlrun"'
UNIT       = $(HOSTED) -Ishim -Ipreload -Iloader -Itests/unit

# The door of names is libovlsym.so's alone: elsewhere its functions would stand in for libc's.
SYM_SRC    = $(call NATIVE,$(wildcard preload/sym*.c preload/sym*.S))
# In this order: what a start runs lies at the end, side by side, and takes few pages of the file.
START_SRC  = $(call NATIVE,$(addprefix shim/,mem.c str.c path.c view.c sys_$(ARCH).c numbers.c))
ENGINE_SRC = $(filter-out $(SYM_SRC) $(START_SRC),$(call NATIVE,$(wildcard shim/*.c preload/*.S preload/*.c))) \
	     $(START_SRC)
# The loader is the engine with another door; of preload/ it takes what both need.
LOADER_SRC = $(call NATIVE,$(wildcard shim/*.c loader/*.c loader/*.S)) $(addprefix preload/, \
	     die.c opensession.c runtext.c sigsys.c sites.c sitetab.c insn.c wanted.c trap_$(ARCH).c relay_$(ARCH).S \
	     switch_$(ARCH).S)
TOOL_SRC   = $(wildcard launcher/*.c) $(filter-out tools/ovlctl.c tools/sitegen.c,$(wildcard tools/*.c))
UNIT_SRC   = $(wildcard tests/unit/test_*.c)
E2E_SRC    = $(wildcard tests/e2e/bin/*.c)
BENCH_SRC  = $(wildcard bench/*.c)

# What is being made, or with V=1 the command itself.
Q          = $(if $(V),,@echo '  $(1)' $@;)

obj        = $(addprefix $(BUILD)/$(1)/,$(addsuffix .o,$(basename $(2))))
ENGINE_OBJ = $(call obj,engine,$(ENGINE_SRC))
SYM_OBJ    = $(call obj,engine,$(SYM_SRC))
LOADER_OBJ = $(call obj,engine,$(LOADER_SRC))
TOOL_OBJ   = $(call obj,hosted,$(TOOL_SRC))
UNIT_BIN   = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
E2E_BIN    = $(E2E_SRC:tests/e2e/bin/%.c=$(BUILD)/e2e/%)
BENCH_BIN  = $(BENCH_SRC:bench/%.c=$(BUILD)/bench/%)

all: $(BIN)/ovlrun $(BIN)/libovl.so $(BIN)/libovl.sites $(BIN)/libovlsym.so $(BIN)/ovlload $(BIN)/ovlctl

$(BIN)/libovl.so: $(ENGINE_OBJ) preload/export.map
	$(call Q,LD)$(CC) $(ENGINE_LD) -Wl,--version-script=preload/export.map -o $@ $(ENGINE_OBJ)

# They take the stack of libc's functions that they stand for.
$(SYM_OBJ): ENGINE += -Wframe-larger-than=4608

# What it exports is what preload/sym.h's SYM() defines.
$(BIN)/libovlsym.so: $(ENGINE_OBJ) $(SYM_OBJ)
	$(call Q,LD)$(CC) $(ENGINE_LD) -Wl,-Bsymbolic-functions -o $@ $(ENGINE_OBJ) $(SYM_OBJ)

$(BIN)/ovlload: $(LOADER_OBJ) loader/ovlload.ld
	$(call Q,LD)$(CC) -static -nostdlib -Wl,-T,loader/ovlload.ld -Wl,--build-id=none \
		-Wl,-z,noexecstack -o $@ $(LOADER_OBJ)

$(BIN)/ovlrun: $(BUILD)/hosted/ovlrun.o $(BUILD)/tools.a $(BUILD)/engine.a
	$(call Q,LD)$(CC) $(LDFLAGS) -o $@ $^ -lelf -lpthread

# Of the engine it has what reads a program's text; mem.o is left out there.
$(BIN)/ovlctl: $(BUILD)/hosted/tools/ovlctl.o $(BUILD)/tools.a $(BUILD)/engine.a
	$(call Q,LD)$(CC) $(LDFLAGS) -o $@ $^ -lelf

# What a run would have to find out of this machine's libc: launcher/sitefile.h.
$(BUILD)/sitegen: $(BUILD)/hosted/tools/sitegen.o $(BUILD)/tools.a $(BUILD)/engine.a
	$(call Q,LD)$(CC) $(LDFLAGS) -o $@ $^ -lelf

$(BIN)/libovl.sites: $(BUILD)/sitegen $(BIN)/libovl.so
	$(call Q,GEN)$(BUILD)/sitegen $(BIN)/libovl.so $@

# Made anew each time: an archive would keep members whose source is gone.
$(BUILD)/tools.a: $(TOOL_OBJ)
	@rm -f $@
	$(call Q,AR)$(AR) rcs $@ $^

$(BUILD)/engine/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ENGINE) -MMD -MP -c -o $@ $<

$(BUILD)/engine/%.o: %.S Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ENGINE) -MMD -MP -c -o $@ $<

$(BUILD)/hosted/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(HOSTED) $(CFLAGS) -MMD -MP -c -o $@ $<

# The launcher knows where libovl.so is installed: it is compiled again for another PREFIX.
$(BUILD)/prefix: force
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@

$(call obj,hosted,$(shell grep -l OVL_LIBDIR launcher/*.c)): $(BUILD)/prefix

# Tests are hosted and link single files of the engine. mem.c would stand in for libc's.
# Of the loader they get all but its start; what is addressed absolutely they bring themselves.
# A test that includes fault.h scripts the kernel: it gets fault_sys.o for sys_$(ARCH).o.
$(BUILD)/unit/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(UNIT) -MMD -MP -c -o $@ $<

# The names of i386's calls: launcher/escapes.c.
$(BUILD)/i386calls.inc: Makefile
	@mkdir -p $(@D)
	@echo '#include <asm/unistd_32.h>' | $(CC) -E -dM - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' | sort >$@

$(BUILD)/hosted/launcher/escapes.o: HOSTED += -I$(BUILD)
$(BUILD)/hosted/launcher/escapes.o: $(BUILD)/i386calls.inc

$(BUILD)/engine.a: $(filter-out %/mem.o,$(ENGINE_OBJ))
	@rm -f $@
	$(call Q,AR)$(AR) rcs $@ $^

$(BUILD)/loader.a: $(call obj,engine,$(filter-out loader/load.c %.S,$(wildcard loader/*.c)))
	@rm -f $@
	$(call Q,AR)$(AR) rcs $@ $^

$(BUILD)/unit/test_%: $(BUILD)/unit/tests/unit/test_%.o $(BUILD)/engine.a $(BUILD)/tools.a \
		$(BUILD)/loader.a \
		$(call obj,unit,$(wildcard tests/unit/fault_sys.c))
	$(call Q,LD)$(CC) -o $@ $< $(if $(shell grep -l '"fault.h"' tests/unit/test_$*.c), \
		$(BUILD)/unit/tests/unit/fault_sys.o) \
		$(BUILD)/loader.a $(BUILD)/engine.a $(BUILD)/tools.a $(BUILD)/engine.a \
		-lcriterion -lelf -lpthread

# Small programs for odd situations. NAME.cflags beside NAME.c holds flags of its own.
$(BUILD)/e2e/%: tests/e2e/bin/%.c Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -pthread -MMD -MP \
		$(shell cat tests/e2e/bin/$*.cflags 2>/dev/null) -o $@ $< -ldl

$(BUILD)/bench/%: bench/%.c Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -pthread $(BENCH_FLAGS) -MMD -MP \
		-o $@ $<

$(BUILD)/bench/true: BENCH_FLAGS = -static

deps:
	tests/deps.sh install

check:
	tests/deps.sh ensure
	$(MAKE) all unit-programs e2e-programs
	tests/run.sh unit e2e

check-unit: unit-programs
	tests/run.sh unit

check-e2e: all e2e-programs
	tests/run.sh e2e

unit-programs: $(UNIT_BIN)
e2e-programs: $(E2E_BIN)

demo:
	tests/deps.sh ensure
	$(MAKE) all
	tests/demo.sh

bench-deps:
	bench/deps.sh

bench: all $(BENCH_BIN)
	bench/bench.sh

lint:
	tests/lint.sh

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/ovlrun \
		$(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BIN)/ovlrun $(BIN)/ovlctl $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BIN)/libovl.so $(BIN)/libovlsym.so $(BIN)/ovlload $(DESTDIR)$(PREFIX)/lib/ovlrun
	install -m 644 $(BIN)/libovl.sites $(DESTDIR)$(PREFIX)/lib/ovlrun
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1

clean:
	rm -rf $(BUILD) $(BIN)/ovlrun $(BIN)/ovlctl $(BIN)/libovl.so $(BIN)/libovl.sites \
		$(BIN)/libovlsym.so $(BIN)/ovlload
	@$(MAKE) -s -C tests/random clean
	@$(MAKE) -s -C tests/race clean
	@$(MAKE) -s -C tests/kill clean

.PHONY: all deps check check-unit check-e2e unit-programs e2e-programs demo bench bench-deps lint \
	install clean force
.SECONDARY:
.DELETE_ON_ERROR:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
