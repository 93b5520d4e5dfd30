# SPDX-License-Identifier: MIT
#
# make          the programs                 make demo     three servers and a client, on a fresh machine too
# make check    builds and runs all tests; T='30- store/' runs those whose paths hold one of the words
# make lint     what a person would otherwise have to remember       make format   reformats the sources
# make soak     random schedules: SEEDS=N FROM=M         make model    small cases, every interleaving
# make bugs     each rule is taken away in turn, and the simulator must notice
# make mutants  small wrong changes, one at a time, which the tests must notice: COUNT=200 SEED=1
# make faults   each system call of the programs fails once, in every way; SAMPLE=N one in N, ONLY='server pwrite'
# make fuzz     random bytes for everything that is read, SECONDS=60 each
# make bench    figures beside the floor of this machine; PEERS=1 OLD=dir ROUNDS=3 PARTS='sweep live', see tests/bench/bench.py
# make flood    what an honest client sees while a server is flooded: FLOOD='list1000 amplify', SECONDS=5 each
# make picture  docs/picture.svg, README's first screen, from a real session
# make docs     docs/json.md, the interface for programs, from the client's tables
# make deps     installs cJSON's package if it is missing. Only demo, check and deps install packages; they say so first
# make install  threefold, threefold-server, threefold-repair, threefold-bench, man pages, completion and units; DESTDIR=
#               PREFIX= (/usr/local) BINDIR= SBINDIR= MANDIR= BASHDIR= ZSHDIR= UNITDIR= SYSUSERSDIR=; uninstall removes them
# make dist     threefold-VERSION.tar.gz from the committed tree, in DIST= (here): the same bytes each time
# make deb      two Debian packages of the committed tree, in DEB= (build/deb)
# make check-deb  makes them, and installs and purges them in a Debian of its own: needs root, debootstrap, minutes
# make check-cross  builds for arm64 and for s390x, which is big-endian, and runs the tests under qemu: a mirror, an hour
# make clean    never touches data/
#
# CC CPPFLAGS CFLAGS LDFLAGS LDLIBS   yours; flags are added to ours
# W=1         warnings are errors     V=1      shows the commands       JOBS=n   tests at a time
# SAN=address,undefined               programs and tests with sanitizers, in a folder of their own
# BUILD=dir   objects go there (default build); programs too if it is given, else they stand here

# With -n nothing is installed: make would remake the file that it includes.
is_dry := $(findstring n,$(filter-out -% %=%,$(firstword $(MAKEFLAGS))))
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all bench bugs check check-cross check-deb clean deb demo deps dist distclean docs faults flood force format fuzz fuzzers install lint model mutants picture \
	tests soak uninstall units

BUILD := build
# One more than there are processors: a third of the tests' time is waiting.
JOBS := $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
comma := ,
out := $(BUILD)$(if $(SAN),/$(subst $(comma),-,$(SAN)))
bin := $(if $(filter-out build,$(out)),$(out),.)
goals := $(or $(MAKECMDGOALS),all)

# Sources. Each part is a folder, listed from the bottom up; DESIGN.md says what each is for. All objects except those
# of the programs' main files go into one archive. Each program and test takes from it what it uses.
parts := base fact terminal protocol store io session replication reconcile journal chat driver cli tools
mains := server.c client.c tools/repair.c tools/bench.c tools/reference.c
programs := $(addprefix $(bin)/,server client repair)
# The program has its whole path here, because `bench` alone is the target that runs it.
load := $(abspath $(bin))/bench
objects := $(patsubst %.c,$(out)/%.o,$(filter-out $(mains),$(wildcard *.c $(parts:%=%/*.c))))
library := $(out)/libthreefold.a
# Tests. Those of a part are in the folder of its name in tests/; each file is one program.
units := $(patsubst %.c,$(out)/%,$(wildcard $(parts:%=tests/%/*.c) tests/process/*.c))
model := $(out)/tests/model/model
relay := $(out)/tests/lib/relay
# Unit tests count the memory that they are given.
heap := $(out)/tests/lib/heap.o
wrap := -Wl,$(subst $() ,$(comma),$(patsubst %,--wrap=memory_%,alloc alloc_zero resize free alloc_block free_block))
simulate := $(out)/tests/simulate/simulate
scripts := $(wildcard tests/process/*.t)
seeds := $(out)/tests/fuzz/seeds
fuzzers := $(filter-out $(seeds),$(patsubst %.c,$(out)/%,$(wildcard tests/fuzz/*.c)))
floor := $(out)/tests/bench/floor
grow := $(out)/tests/bench/grow
accounts := $(out)/tests/lib/accounts
reference := $(out)/tools/reference
faults := $(out)/tests/faults/fail.so $(out)/tests/faults/server
lints := $(wildcard tests/lint/*.t)
select = $(if $(T),$(sort $(foreach t,$(T),$(foreach f,$(1),$(if $(findstring $(t),$(f)),$(f))))),$(1))

# Flags. Assertions stay on: what is tested is what ships (base/buf.h refuses NDEBUG).
warnings := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion $(if $(filter 1,$(W)),-Werror)
hardening := -fstack-protector-strong -fPIE $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
# Those builds also read and print every line of the journal in both of its ways (journal/both.h).
sanitize := $(if $(SAN),-DBOTH_WAYS -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
compile = $(CC) -std=c11 -O2 -g $(warnings) -D_GNU_SOURCE -I. $(hardening) $(sanitize) \
	$(cjson_cflags) $(CPPFLAGS) $(CFLAGS)
# No --as-needed with sanitizers: they define a crypt_r that calls the real one, which the linker cannot see.
link = $(CC) -O2 -g -pie -Wl,-z,relro,-z,now $(if $(SAN),,-Wl,--as-needed) $(sanitize) $(CFLAGS) $(LDFLAGS)
# For the same reason --no-as-needed keeps libcrypt.
libraries = $(LDLIBS) $(cjson_libs) -Wl,--no-as-needed -lcrypt -lpthread

# Shows one word and the target, or with V=1 the command.
quiet = $(if $(filter 1,$(V)),,@echo '  $(1)	$@' &&)

all: $(programs) $(load)
tests: units $(model) $(relay) $(accounts) $(reference) $(faults) $(if $(SAN)$(BUGS),,$(simulate)-bugs)
units: $(units) $(simulate)

# Before anything else make looks for what the goals need. It remakes the included file first, and starts anew if that
# file has changed. Three goals install what is missing; for the others a sentence tells what to type.
need := .ci/need $(if $(is_dry)$(if $(filter demo check deps,$(goals)),,n),--tell)
needs := $(if $(file <$(BUILD)/cjson.mk),,cc) cjson $(if $(filter check,$(goals)),prove tmux iproute2 jq python3) \
	$(if $(filter lint,$(goals)),prove binutils clang-format cppcheck mandoc shellcheck) \
	$(if $(filter format,$(goals)),clang-format) $(if $(filter fuzz,$(goals)),clang libclang-rt) \
	$(if $(filter bench flood mutants,$(goals)),python3)
# One test alone uses these, so it is no reason to run none if they cannot be installed.
wanted := $(if $(filter check,$(goals)),jq)
ifneq ($(filter-out check-deb clean deb dist distclean uninstall,$(goals)),)
# It is there, if only empty, or make would have a word of its own about it.
$(if $(wildcard $(BUILD)/cjson.mk),,$(shell mkdir -p $(BUILD) && : >$(BUILD)/cjson.mk))
include $(BUILD)/cjson.mk
# Objects are rebuilt when the flags change, and the archive when its list of objects changes. `make install` takes what
# is built with whatever flags: somebody else may type it, with fewer words.
stamp = $(if $(call differs,$(file <$(1)),$(2)),$(shell mkdir -p $(dir $(1)))$(file >$(1),$(2)))
differs = $(subst x$(1)x,,x$(2)x)$(subst x$(2)x,,x$(1)x)
ifneq ($(if $(is_dry),,$(filter-out install uninstall,$(goals)))$(if $(wildcard $(out)/flags),,none),)
$(call stamp,$(out)/flags,$(strip $(compile) $(link) $(libraries)))
$(call stamp,$(out)/objects,$(strip $(objects)))
endif
endif

$(BUILD)/cjson.mk: force
	@CC='$(CC)' $(need) $(needs) && $(if $(wanted),{ $(need) $(wanted) || echo 'going on without: $(wanted)' >&2; } &&) \
	mkdir -p $(@D) && { \
	echo "cjson_cflags := $$(pkg-config --cflags libcjson 2>/dev/null)"; \
	echo "cjson_libs := $$(pkg-config --libs libcjson 2>/dev/null || echo -lcjson)"; } >$@.new && \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(out)/%.o: %.c $(out)/flags
	$(call quiet,CC)mkdir -p $(@D) && $(compile) -MMD -MP -c -o $@ $<

$(library): $(objects) $(out)/objects
	$(call quiet,AR)rm -f $@ && ar qcs $@ $(objects)

$(bin)/server $(bin)/client: $(bin)/%: $(out)/%.o
$(bin)/repair: $(out)/tools/repair.o
$(load): $(out)/tools/bench.o
$(programs) $(load): $(library)
	$(call quiet,LD)$(link) -o $@ $(filter %.o,$^) $(library) $(libraries)

$(units): %: %.o $(heap) $(library)
	$(call quiet,LD)$(link) $(wrap) -o $@ $< $(heap) $(library) $(libraries)

$(model): $(patsubst %.c,$(out)/%.o,$(wildcard tests/model/*.c))
$(relay): $(relay).o
$(model) $(relay): $(out)/flags
	$(call quiet,LD)$(link) -o $@ $(filter %.o,$^)

$(simulate): $(patsubst %.c,$(out)/%.o,$(wildcard tests/simulate/*.c)) $(library)
	$(call quiet,LD)$(link) -o $@ $^ $(libraries)

# The simulator again, with deliberate bugs that can be switched on. Its objects have a folder of their own.
$(simulate)-bugs: force
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/bugs BUGS=1 CPPFLAGS='$(CPPFLAGS) -DBUGS' \
		$(BUILD)/bugs/tests/simulate/simulate && mkdir -p $(@D) && cp -p $(BUILD)/bugs/tests/simulate/simulate $@

prove = @test -n '$(strip $(1))' || { echo "no test has '$(T)' in its name" >&2; exit 1; } && \
	BIN=$(abspath $(bin)) OUT=$(out) CC='$(CC)' SAN='$(SAN)' prove --exec tests/lib/run --jobs $(JOBS) \
	--timer --failures --comments $(if $(filter 1,$(V)),--verbose) $(1) </dev/null

check: all tests
	$(call prove,$(call select,$(units) $(scripts)))

# Runs SEEDS random schedules, beginning with seed FROM.
soak: $(simulate)
	@$(simulate) --seeds $(or $(FROM),1) $(or $(SEEDS),10000) --jobs $(JOBS)

# make check tries the seed that is known to find a bug first; this searches.
bugs: $(simulate)-bugs
	@$< --tap-bugs --afresh --jobs $(JOBS)

# Changes the committed tree, in copies of their own.
mutants:
	@tests/mutants/mutants.py --count $(or $(COUNT),200) --seed $(or $(SEED),1) --jobs $(JOBS)

# Runs each fuzz target for SECONDS. The corpus begins with the samples of the protocol's test, and keeps the inputs that
# earlier runs found useful.
fuzz: $(seeds)
	@mkdir -p $(addprefix $(BUILD)/corpus/,$(notdir $(fuzzers))) && $(seeds) $(BUILD)/corpus
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/fuzz SAN=fuzzer-no-link,address,undefined fuzzers
	@for target in $(notdir $(fuzzers)); do echo "  FUZZ	$$target"; mkdir -p $(BUILD)/corpus/$$target && \
	$(BUILD)/fuzz/fuzzer-no-link-address-undefined/tests/fuzz/$$target -max_total_time=$(or $(SECONDS),60) -timeout=10 \
	-rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 -artifact_prefix=$(BUILD)/corpus/$$target- \
	$(BUILD)/corpus/$$target >/dev/null || exit 1; done

$(seeds): $(seeds).o $(library)
	$(call quiet,LD)$(link) -o $@ $< $(library) $(libraries)

fuzzers: $(fuzzers)
$(fuzzers): %: %.o $(library)
	$(call quiet,LD)$(link) -fsanitize=fuzzer -o $@ $< $(library) $(libraries)

# Explores all states of the small cases, which takes a few minutes (tests/model/README.md).
model: $(model)
	@$(model) --all

# lint looks at the plain build only, because sanitizers add calls of their own to the objects.
lint: $(objects) $(mains:%.c=$(out)/%.o)
	$(if $(SAN),$(error lint looks at the plain build: leave SAN out))
	$(call prove,$(call select,$(lints)))

format:
	clang-format -i $(wildcard *.[ch] $(parts:%=%/*.[ch]) tests/*/*.[ch])

# With DATA=dir the servers keep their data there for the next run; without it each run starts with no data.
demo: all
	@exec env BIN=$(bin) DATA='$(DATA)' tools/demo.sh

picture: all
	@mkdir -p docs && BIN=$(bin) tools/picture.py docs/picture.svg

docs: $(reference)
	@mkdir -p docs/man && $(reference) >docs/json.md.new && mv docs/json.md.new docs/json.md && \
	tools/manual.sh >docs/man/protocol.new && mv docs/man/protocol.new docs/man/threefold-protocol.7

# The floor program uses nothing from the archive.
$(floor): %: %.o
	$(call quiet,LD)$(link) -o $@ $< $(LDLIBS)

# grow makes a large data directory with the shipped store and journal; reference prints docs/json.md.
$(grow) $(accounts) $(reference): %: %.o $(library)
	$(call quiet,LD)$(link) -o $@ $< $(library) $(libraries)

# A library that makes calls fail, without sanitizers whatever the programs have; and a server whose compactions begin
# early.
$(out)/tests/faults/fail.so: tests/faults/fail.c $(out)/flags
	$(call quiet,LD)mkdir -p $(@D) && $(CC) -std=c11 -O2 -g -fPIC -shared $(warnings) -Wno-pedantic -D_GNU_SOURCE -o $@ $< -ldl

$(out)/tests/faults/server: $(out)/server.o $(out)/tests/faults/small.o $(library)
	$(call quiet,LD)$(link) -Wl,--wrap=journal_open -o $@ $^ $(libraries)

faults: all $(faults)
	@BIN=$(abspath $(bin)) OUT=$(out) JOBS=$(JOBS) perl tests/faults/faults.pl $(if $(SAMPLE),--sample $(SAMPLE)) $(ONLY)

bench: all $(floor) $(grow)
	@BIN=$(abspath $(bin)) OUT=$(out) PEERS='$(PEERS)' OLD='$(OLD)' tests/bench/bench.py

flood: all
	@BIN=$(abspath $(bin)) tests/flood/flood.py --seconds $(or $(SECONDS),5) $(FLOOD)

deps:
	@echo 'cJSON is here: $(strip $(cjson_cflags) $(cjson_libs))'

# What is installed, as FROM:TO:MODE. The units name the folder of the programs.
PREFIX := /usr/local
BINDIR = $(PREFIX)/bin
SBINDIR = $(PREFIX)/sbin
MANDIR = $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
UNITDIR = $(PREFIX)/lib/systemd/system
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
units_installed := $(wildcard system/*.service system/*.timer)
installed = $(bin)/client:$(BINDIR)/threefold:755 $(load):$(BINDIR)/threefold-bench:755 \
	$(bin)/server:$(SBINDIR)/threefold-server:755 $(bin)/repair:$(SBINDIR)/threefold-repair:755 \
	$(foreach f,$(units_installed),$(f):$(UNITDIR)/$(notdir $(f)):644) \
	system/threefold.conf:$(SYSUSERSDIR)/threefold.conf:644 \
	$(foreach f,threefold threefold-bench threefold-repair threefold-server,\
		system/completion.bash:$(BASHDIR)/$(f):644 system/completion.zsh:$(ZSHDIR)/_$(f):644) \
	$(foreach n,1 5 7 8,$(foreach f,$(wildcard docs/man/*.$(n)),$(f):$(MANDIR)/man$(n)/$(notdir $(f)):644))
places = $(foreach f,$(installed),'$(DESTDIR)$(word 2,$(subst :, ,$(f)))')

install: all
	@for f in $(installed); do to=$${f#*:} && install -D -m "$${to##*:}" "$${f%%:*}" "$(DESTDIR)$${to%:*}" && \
	case $$f in system/*) sed -i 's|@SBINDIR@|$(SBINDIR)|' "$(DESTDIR)$${to%:*}" ;; esac && \
	echo "  INSTALL	$(DESTDIR)$${to%:*}" || exit 1; done

uninstall:
	rm -f -- $(places)

# Times, owners and modes are those of the commit.
DIST := .
version = $(shell sed -n 's/^.define THREEFOLD_VERSION "\(.*\)"/\1/p' io/options.h)
tarball = $(DIST)/threefold-$(version).tar.gz

dist:
	@git -c tar.umask=0022 archive --format=tar --prefix=threefold-$(version)/ HEAD >'$(tarball).new.tar' && \
	gzip -9n <'$(tarball).new.tar' >'$(tarball).new' && rm '$(tarball).new.tar' && mv '$(tarball).new' '$(tarball)' && \
	echo '  DIST	$(tarball)'

# dpkg-buildpackage wants its folder at the top of a tree.
DEB := $(BUILD)/deb

deb:
	@.ci/need --tell debhelper cjson && rm -rf '$(DEB)' && mkdir -p '$(DEB)/tree' && \
	git -c tar.umask=0022 archive HEAD | tar -x -C '$(DEB)/tree' && \
	cd '$(DEB)/tree' && mv system/debian debian && cp system/threefold.conf debian/threefold-server.sysusers && \
	{ dpkg-buildpackage -b -us -uc >../log 2>&1 || { tail -n 20 ../log; exit 1; }; }
	@rm -r '$(DEB)/tree' && ls '$(DEB)'/*.deb

check-deb: deb
	@.ci/need --tell prove debootstrap lintian && DEB='$(DEB)' ROOT='$(ROOT)' prove --timer --comments --exec tests/lib/run \
	tests/deb/deb.t </dev/null

check-cross: all $(simulate) $(grow)
	@.ci/need --tell prove gcc-aarch64-linux-gnu gcc-s390x-linux-gnu qemu-user && BIN=$(abspath $(bin)) OUT=$(out) \
	BUILD='$(BUILD)' T='$(T)' LIMIT=14400 prove --timer --comments --exec tests/lib/run tests/cross/cross.t </dev/null

clean:
	rm -rf -- $(BUILD)
	rm -f -- server client repair bench

distclean: clean
	rm -f -- tags compile_commands.json threefold-*.tar.gz

-include $(wildcard $(out)/*.d $(out)/*/*.d $(out)/tests/*/*.d)
