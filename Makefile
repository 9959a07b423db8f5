# Synwave.  GNU make, no configure step.
#
#	make            the program and the libraries, in build/
#	make run        the main job: two hosts, one real file, a path that loses packets
#	make test       everything that CI asks, in about a quarter of an hour
#	make check      the part of it to run before a commit, in under a minute
#	make test-NAME  one part: quick tidy core default asan O0 O3 clang i686 s390x
#	                hash seeds fuzz kernel install (tools/test-all lists them)
#	make seeds fuzz check-core tidy format install uninstall clean
# Settings: CC, BUILD (where products go), OPT, EXTRA (more flags), LDFLAGS, PREFIX,
# DESTDIR, V=1 (show commands), SEEDS=2000, SECONDS=60 (a fuzz target).


MAKEFLAGS += -r --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

ifeq ($(origin CC),default)
CC := gcc
endif
cross := $(if $(filter %-gcc,$(CC)),$(CC:gcc=))
AR := $(cross)ar
OBJCOPY := $(cross)objcopy

BUILD ?= build
PREFIX ?= /usr/local
OPT ?= -O2 -g
EXTRA ?=
SEEDS ?= 2000
SECONDS ?= 60
Q := $(if $(V),,@)
say = $(if $(V),,@printf '%-5s %s\n' $(1) $(2))

version := $(shell sed -n 's/^.define SW_VERSION "\(.*\)"/\1/p' include/synwave/sw.h)
libs := libpcap jansson nettle

warn := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Werror
flags = -std=c11 $(warn) $(OPT) $(pic) -Iinclude -MMD -MP $(EXTRA)
# 32-bit x86 addresses position-independent data through a symbol of the linker's,
# which the core may not need; all others can be linked anywhere.
pic := $(if $(findstring i686,$(CC)),-fno-pie,-fPIE)
nopie := $(if $(findstring i686,$(CC)),-no-pie)

# ---- what is made of what ------------------------------------------------------------------
source = $(foreach room,$(1),$(sort $(wildcard src/$(room)/*.c)))
object = $(patsubst %.c,$(BUILD)/%.o,$(1))
core := $(call object,$(call source,base wire tcp net))
users := $(call object,$(call source,sock drv sim trace))
drill := $(call object,$(call source,drill))
cli := $(call object,$(call source,cli))
test_help := $(call object,$(wildcard test/*.c))
tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/unit/*_test.c test/scenario/*_test.c)))
tools := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/tool/*.c)))
fuzzers := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/fuzz/*_fuzz.c)))
benches := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard bench/*.c)))

.PHONY: all library tests fuzzers benches
all: $(BUILD)/synwave library
library: $(BUILD)/libsynwave.a $(BUILD)/libsynwave-core.a
tests: $(tests) $(tools)
fuzzers: $(fuzzers)
benches: $(benches)

# What Debian must have installed; a stamp for each set, so that it is asked once.
need_build := gcc libc6-dev binutils pkg-config
need_program := $(need_build) libpcap-dev libjansson-dev nettle-dev
need_test := $(need_program) python3 clang libclang-rt-14-dev llvm gcc-i686-linux-gnu \
	libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user \
	iproute2 iputils-ping socat curl mandoc
build/.need-%: tools/need Makefile
	@tools/need $(need_$*)
	@mkdir -p build && touch $@

# The commands as they are now: when they change, everything is made again.
commands := $(CC) $(flags) $(LDFLAGS)
$(BUILD)/.commands: force
	@mkdir -p $(@D)
	@echo '$(commands)' | cmp -s - $@ || echo '$(commands)' > $@
.PHONY: force

$(BUILD)/%.o: %.c $(BUILD)/.commands | build/.need-build
	$(call say,cc,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(flags) $(room_flags) -c -o $@ $<

$(core): room_flags = -Isrc -ffreestanding -fno-stack-protector
$(users) $(drill): room_flags = -Isrc
$(cli): room_flags = -Isrc $$(pkg-config --cflags $(libs))
$(BUILD)/test/%.o $(BUILD)/bench/%.o: room_flags = -Isrc -Itest -D_DEFAULT_SOURCE=
$(cli): | build/.need-program

# One object in which only sw_ names are visible.
$(BUILD)/synwave-core.o: $(core)
	$(call say,ld,$@)
	$(Q)$(CC) -r -nostdlib -o $@.all $^
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='sw_*' $@.all $@
	@rm $@.all

define archive
$(call say,ar,$@)
$(Q)rm -f $@ && $(AR) rcs $@ $^
endef
$(BUILD)/libsynwave-core.a: $(BUILD)/synwave-core.o
	$(archive)
$(BUILD)/libsynwave.a: $(BUILD)/synwave-core.o $(users)
	$(archive)
# For tests, which look inside.
$(BUILD)/libinside.a: $(core) $(users) $(drill)
	$(archive)
$(BUILD)/libtest.a: $(test_help)
	$(archive)

$(BUILD)/synwave: $(cli) $(drill) $(BUILD)/libsynwave.a | build/.need-program
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) $(nopie) -o $@ $^ $$(pkg-config --libs $(libs))

inside := $(BUILD)/libtest.a $(BUILD)/libinside.a
$(tests) $(tools) $(benches): $(BUILD)/%: $(BUILD)/%.o $(inside)
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) $(nopie) -o $@ $^
$(fuzzers): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libinside.a
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^

-include $(patsubst %.o,%.d,$(core) $(users) $(drill) $(cli) $(test_help)) \
	$(addsuffix .d,$(tests) $(tools) $(fuzzers) $(benches))

# ---- running and testing -------------------------------------------------------------------
.PHONY: run test check seeds fuzz check-core tidy format
run: $(BUILD)/synwave
	@tar -cf $(BUILD)/source.tar --sort=name README.md doc include src spec test/*.[ch]
	$(BUILD)/synwave sim --rtt 20ms --rate 100mbit --loss 1% --reorder 1% --seed 1 \
		--ladder brief $(BUILD)/source.tar

test: build/.need-test
	@tools/test-all all
check: build/.need-test
	@tools/test-all quick
seeds: build/.need-test
	@tools/test-all seeds --seeds $(SEEDS)
fuzz: build/.need-test
	@tools/test-all fuzz --seconds $(SECONDS)
check-core: build/.need-test
	@tools/test-all core
tidy: build/.need-test
	@tools/tidy
test-%: build/.need-test
	@tools/test-all $*
format:
	clang-format -i $$(find src include test examples bench -name '*.[ch]')

# ---- installing ----------------------------------------------------------------------------
.PHONY: install uninstall clean
dest = $(DESTDIR)$(PREFIX)
headers := $(notdir $(wildcard include/synwave/*.h))
installed = bin/synwave lib/libsynwave.a lib/libsynwave-core.a lib/pkgconfig/synwave.pc \
	share/man/man1/synwave.1 $(addprefix include/synwave/,$(headers))

install: all
	install -d $(addprefix $(dest)/,bin lib/pkgconfig include/synwave share/man/man1)
	install -m 755 $(BUILD)/synwave $(dest)/bin/synwave
	install -m 644 $(BUILD)/libsynwave.a $(BUILD)/libsynwave-core.a $(dest)/lib/
	install -m 644 include/synwave/*.h $(dest)/include/synwave/
	install -m 644 doc/synwave.1 $(dest)/share/man/man1/
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(version)|' synwave.pc.in \
		> $(dest)/lib/pkgconfig/synwave.pc
uninstall:
	rm -f $(addprefix $(dest)/,$(installed))
	-rmdir $(dest)/include/synwave
clean:
	rm -rf build
