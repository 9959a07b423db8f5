# Synwave.  GNU make, no configure step.
#
#	make            the program and the libraries, in build/
#	make run        the main job: two hosts, one real file, a path that loses packets
#	make test       everything that CI asks, in about twenty minutes
#	make check      the part of it to run before a commit, in about two minutes
#	make test-NAME  one part: quick tidy core default asan O0 O3 clang i686 s390x tsan
#	                golden bench show live page hash seeds worlds off fuzz kernel install
#	                plugin (tools/test-all lists them)
#	make packetdrill-plugin   build/libsynwave-packetdrill.so, for packetdrill's --so_filename
#	make seeds worlds fuzz check-core tidy format po install uninstall clean
# Settings: CC, BUILD (where products go), OPT, EXTRA (more flags), LDFLAGS, PREFIX,
# DESTDIR, V=1 (show commands), SEEDS=2000, WORLDS=10000, SECONDS=30 (a fuzz target),
# XDP=no (do without AF_XDP, and so without libxdp and libbpf).


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
NM := $(cross)nm

BUILD ?= build
PREFIX ?= /usr/local
OPT ?= -O2 -g
EXTRA ?=
SEEDS ?= 2000
WORLDS ?= 10000
SECONDS ?= 30
XDP ?= yes
Q := $(if $(V),,@)
say = $(if $(V),,@printf '%-5s %s\n' $(1) $(2))

version := $(shell sed -n 's/^.define SW_VERSION "\(.*\)"/\1/p' include/synwave/sw.h)
xdp_libs := $(if $(filter yes,$(XDP)),libxdp libbpf)
libs := libpcap jansson nettle zlib libzstd $(xdp_libs)

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
users := $(call object,$(call source,sock drv sim trace simd))
# In a library of its own, as it needs others.
xdp := $(call object,$(call source,xdp))
drill := $(call object,$(call source,drill))
explore := $(call object,$(call source,explore))
show := $(call object,$(call source,show live))
explain := $(call object,$(call source,explain))
# A second copy of the core, in which the explorer can break a rule; in no library.
broken := $(patsubst %.c,$(BUILD)/broken/%.o,$(call source,base wire tcp net))
xdp_library := $(if $(xdp_libs),$(BUILD)/libsynwave-xdp.a)
# What the libraries and the program have of the core is compiled as one, across its files.
# The tests' copy is not; clang's and the sanitizers' neither.
sanitized := $(findstring sanitize,$(EXTRA))
one := $(if $(filter %gcc,$(CC)),$(if $(sanitized)$(findstring -O0,$(OPT)),,yes))
one_flags := -ffreestanding -fno-stack-protector $(if $(one),-flto -flto-partition=one)
one_core := $(if $(one),$(patsubst $(BUILD)/%,$(BUILD)/one/%,$(core)),$(core))
cli := $(call object,$(call source,cli))
test_help := $(call object,$(wildcard test/*.c))
tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/unit/*_test.c test/scenario/*_test.c)))
tools := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/tool/*.c)))
fuzzers := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/fuzz/*_fuzz.c)))
# The shared object has objects of its own, which may be loaded anywhere.
pic_object = $(patsubst %.c,$(BUILD)/pic/%.o,$(1))
plugin_core := $(call pic_object,$(call source,base wire tcp net))
plugin := $(call pic_object,$(call source,sock sim drv simd plugin) src/drill/dress.c \
	src/drill/profile.c src/drill/sysctl.c)
plugin_test := $(BUILD)/test/plugin/plugin_test
benches := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard bench/*.c)))
bench_help := $(call object,$(sort $(wildcard bench/lib/*.c)))

# Languages other than English: po/LANGUAGE.po.
languages := $(patsubst po/%.po,%,$(wildcard po/*.po))
catalogue = locale/$(1)/LC_MESSAGES/synwave.mo
catalogues := $(foreach l,$(languages),$(BUILD)/$(call catalogue,$(l)))

.PHONY: all library tests fuzzers benches packetdrill-plugin
all: $(BUILD)/synwave library
library: $(BUILD)/libsynwave.a $(BUILD)/libsynwave-core.a $(xdp_library)
tests: $(tests) $(tools)
fuzzers: $(fuzzers)
benches: $(benches)
packetdrill-plugin: $(BUILD)/libsynwave-packetdrill.so

# What Debian must have installed; a stamp for each set, so that it is asked once.
need_build := gcc libc6-dev binutils pkg-config
need_program := $(need_build) libpcap-dev libjansson-dev nettle-dev gettext zlib1g-dev \
	libzstd-dev \
	$(if $(xdp_libs),libxdp-dev libbpf-dev)
need_test := $(need_program) python3 clang libclang-rt-14-dev llvm gcc-i686-linux-gnu \
	libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user \
	iproute2 iputils-ping nftables socat curl zstd mandoc
# For `make test-page' alone: half a gigabyte.  `make test' skips that part without it, and says so.
need_page := chromium fonts-noto-cjk
build/.need-%: tools/need Makefile
	@tools/need $(need_$*)
	@mkdir -p build && touch $@

# The commands as they are now: when they change, everything is made again.
commands := $(CC) $(flags) $(LDFLAGS) $(xdp_libs)
$(BUILD)/.commands: force
	@mkdir -p $(@D)
	@echo '$(commands)' | cmp -s - $@ || echo '$(commands)' > $@
.PHONY: force

$(BUILD)/%.o: %.c $(BUILD)/.commands | build/.need-build
	$(call say,cc,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(flags) $(room_flags) -c -o $@ $<

$(BUILD)/pic/%.o: %.c $(BUILD)/.commands | build/.need-build
	$(call say,cc,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(flags) $(room_flags) -fPIC -fvisibility=hidden -c -o $@ $<

$(BUILD)/one/%.o: %.c $(BUILD)/.commands | build/.need-build
	$(call say,cc,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(flags) -Isrc $(one_flags) -c -o $@ $<

$(BUILD)/broken/%.o: %.c $(BUILD)/.commands | build/.need-build
	$(call say,cc,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(flags) $(room_flags) -DSW_BREAKS -c -o $@ $<

$(broken): room_flags = -Isrc -ffreestanding -fno-stack-protector
$(plugin_core): room_flags = -Isrc -ffreestanding -fno-stack-protector
$(plugin): room_flags = -Isrc
$(core): room_flags = -Isrc -ffreestanding -fno-stack-protector
$(users) $(drill) $(explore) $(show): room_flags = -Isrc
$(explain): room_flags = -Isrc -D_DEFAULT_SOURCE=
$(explain): | build/.need-program
$(cli): room_flags = -Isrc -I$(BUILD) $(if $(xdp_libs),-DSW_WITH_XDP) $$(pkg-config --cflags $(libs))
$(xdp): room_flags = -Isrc $$(pkg-config --cflags $(xdp_libs))
$(xdp): | build/.need-program
$(BUILD)/test/%.o: room_flags = -Isrc -Itest -D_DEFAULT_SOURCE=
$(BUILD)/bench/%.o: room_flags = -Ibench -pthread -D_DEFAULT_SOURCE= $$(pkg-config --cflags jansson)
$(addsuffix .o,$(benches)) $(bench_help): | build/.need-program
$(benches): bench_libs = $$(pkg-config --libs jansson)
$(cli): | build/.need-program

# The table of `synwave req`, from the ledger and the names of the scripts.
ledger := spec/rfc9293.req $(filter-out spec/rfc9293.req,$(sort $(wildcard spec/*.req)))
scripts := $(sort $(wildcard test/req/*.pkt))
$(BUILD)/req_table.h: tools/req_table.awk $(ledger) $(BUILD)/.scripts
	$(call say,awk,$@)
	$(Q)awk -v scripts='$(scripts)' -f $< $(ledger) > $@
$(BUILD)/.scripts: force
	@mkdir -p $(@D)
	@echo '$(scripts)' | cmp -s - $@ || echo '$(scripts)' > $@
$(BUILD)/src/cli/req.o: $(BUILD)/req_table.h

# One object in which only sw_ names are visible: the core, and each room of its users.
define one_object
$(call say,ld,$@)
$(Q)$(CC) $(link) -r -nostdlib -o $@.all $^
$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='sw_*' $@.all $@
@rm $@.all
endef
$(BUILD)/synwave-core.o: link = $(if $(one),$(OPT) $(pic) $(one_flags) -flinker-output=nolto-rel)
$(BUILD)/synwave-core.o: $(one_core)
	$(one_object)
rooms := $(patsubst %,$(BUILD)/room-%.o,sock drv sim trace simd)
.SECONDEXPANSION:
$(rooms) $(BUILD)/room-xdp.o: $(BUILD)/room-%.o: $$(call object,$$(call source,%))
	$(one_object)

# The same of the copy, its names after broken_.
$(BUILD)/broken-core.o: $(broken)
	$(one_object)
	$(Q)$(NM) -g --defined-only $@ | awk 'NF == 3 { print $$3, "broken_" $$3 }' > $@.names
	$(Q)$(OBJCOPY) --redefine-syms=$@.names $@
	@rm $@.names

define archive
$(call say,ar,$@)
$(Q)rm -f $@ && $(AR) rcs $@ $^
endef
$(BUILD)/libsynwave-core.a: $(BUILD)/synwave-core.o
	$(archive)
$(BUILD)/libsynwave.a: $(BUILD)/synwave-core.o $(rooms)
	$(archive)
$(BUILD)/libsynwave-xdp.a: $(BUILD)/room-xdp.o
	$(archive)
# For tests, which look inside.
$(BUILD)/libinside.a: $(core) $(users) $(drill) $(explore) $(show) $(BUILD)/broken-core.o
	$(archive)
$(BUILD)/libtest.a: $(test_help)
	$(archive)

$(BUILD)/synwave: $(cli) $(drill) $(explore) $(show) $(explain) $(BUILD)/broken-core.o $(xdp_library) \
		$(BUILD)/libsynwave.a | build/.need-program
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) $(nopie) -o $@ $^ $$(pkg-config --libs $(libs)) -lm

# For tools/off, which puts changed objects of the core before them.
.PHONY: program-parts
program-parts:
	@echo $(cli) $(explain) $(xdp_library) $(BUILD)/libinside.a $$(pkg-config --libs $(libs)) -lm

$(BUILD)/synwave: | $(catalogues)
$(BUILD)/locale/%/LC_MESSAGES/synwave.mo: po/%.po | build/.need-program
	$(call say,msg,$<)
	@mkdir -p $(@D)
	$(Q)msgfmt --check -o $@ $<

# All sentences of the source; verdicts and timers from their tables.
spoken := $(call source,cli show trace explain) $(wildcard src/cli/*.h src/trace/*.h)
gettext = xgettext --from-code=UTF-8 --add-location=file --package-name=Synwave --omit-header
$(BUILD)/synwave.pot: $(spoken) include/synwave/sw_words.h
	$(call say,msg,$@)
	$(Q)$(gettext) -k_ -kN_ -o $@ $(spoken)
	$(Q)sed '/define SW_STATES/,/TIME_WAIT/d' include/synwave/sw_words.h | \
		$(gettext) -L C -k -kX:4,4t -kX:2,3t -j -o $@ -
# New sentences into po/*.po, without a translation; old ones out of them.
.PHONY: po
po: $(BUILD)/synwave.pot
	$(Q)for l in $(languages); do \
		msgmerge -q --no-fuzzy-matching --add-location=file --no-wrap -U --backup=none \
			po/$$l.po $< && msgattrib --no-obsolete --no-wrap -o po/$$l.po po/$$l.po && \
		msgfmt --statistics -o /dev/null po/$$l.po || exit 1; \
	done

# One name is visible: packetdrill_interface_init.
$(BUILD)/libsynwave-packetdrill.so: $(plugin_core) $(plugin)
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) -shared -pthread -o $@ $^
$(plugin_test): %: %.o $(BUILD)/libsynwave-packetdrill.so
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) -pthread -o $@ $< -ldl

inside := $(BUILD)/libtest.a $(BUILD)/libinside.a
$(tests) $(tools): $(BUILD)/%: $(BUILD)/%.o $(inside)
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) $(nopie) -o $@ $^
$(benches): $(BUILD)/%: $(BUILD)/%.o $(bench_help) $(BUILD)/libsynwave.a
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) $(nopie) -pthread -o $@ $^ $(bench_libs)
$(fuzzers): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libinside.a
	$(call say,ld,$@)
	$(Q)$(CC) $(OPT) $(EXTRA) $(LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(fuzz_libs)
$(BUILD)/test/fuzz/capture_fuzz: $(explain)
$(BUILD)/test/fuzz/capture_fuzz: fuzz_libs = -lpcap -lz -lzstd -lm

-include $(patsubst %.o,%.d,$(core) $(one_core) $(users) $(xdp) $(drill) $(explore) $(show) \
	$(explain) $(broken) $(cli) $(test_help) \
	$(plugin_core) $(plugin) $(plugin_test).o $(bench_help)) \
	$(addsuffix .d,$(tests) $(tools) $(fuzzers) $(benches))

# ---- running and testing -------------------------------------------------------------------
.PHONY: run test check seeds worlds fuzz check-core tidy format
run: $(BUILD)/synwave
	@tar -cf $(BUILD)/source.tar --sort=name README.md doc include src spec test/*.[ch]
	$(BUILD)/synwave sim --rtt 20ms --rate 100mbit --loss 1% --reorder 1% --seed 1 \
		--ladder brief $(BUILD)/source.tar

test: build/.need-test
	@tools/test-all all
test-page: build/.need-page
check: build/.need-test
	@tools/test-all quick
seeds: build/.need-test
	@tools/test-all seeds --seeds $(SEEDS)
worlds: build/.need-test
	@tools/test-all worlds --worlds $(WORLDS)
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
headers := $(filter-out $(if $(xdp_libs),,sw_xdp.h),$(notdir $(wildcard include/synwave/*.h)))
archives := libsynwave.a libsynwave-core.a $(notdir $(xdp_library))
configs := synwave.pc $(if $(xdp_libs),synwave-xdp.pc)
installed = bin/synwave $(addprefix lib/,$(archives)) $(addprefix lib/pkgconfig/,$(configs)) \
	share/man/man1/synwave.1 share/synwave/explain.schema.json \
	$(addprefix include/synwave/,$(headers)) \
	$(addprefix share/,$(foreach l,$(languages),$(call catalogue,$(l))))

install: all
	install -d $(addprefix $(dest)/,bin lib/pkgconfig include/synwave share/man/man1 share/synwave)
	install -m 755 $(BUILD)/synwave $(dest)/bin/synwave
	install -m 644 $(addprefix $(BUILD)/,$(archives)) $(dest)/lib/
	install -m 644 $(addprefix include/synwave/,$(headers)) $(dest)/include/synwave/
	install -m 644 doc/synwave.1 $(dest)/share/man/man1/
	for l in $(languages); do install -D -m 644 $(BUILD)/$(call catalogue,$$l) \
		$(dest)/share/$(call catalogue,$$l) || exit 1; done
	install -m 644 doc/explain.schema.json $(dest)/share/synwave/
	for name in $(configs); do sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(version)|' \
		$$name.in > $(dest)/lib/pkgconfig/$$name || exit 1; done
uninstall:
	rm -f $(addprefix $(dest)/,$(installed))
	-rmdir $(dest)/include/synwave $(dest)/share/synwave
clean:
	rm -rf build
