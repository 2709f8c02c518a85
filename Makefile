# SPDX-License-Identifier: GPL-3.0-or-later
#
# make              build everything into $(BUILD)
# make install      put it in place (DESTDIR, PREFIX); without DESTDIR it is also switched on
# make uninstall    open the gate, then take everything away again
# make deb          build the Debian packages into $(BUILD)/deb
# make install-collector, uninstall-collector    the same for the collector, which belongs on one machine of the school's
# sudo make run     from nothing on a fresh Debian 12: install packages, build, show the main job
# sudo make check   from nothing on a fresh Debian 12: install packages, run all tests
#                   parts: check-unit check-integration check-vm check-fuzz check-san
# sudo make lint    what gcc -fanalyzer, clang-tidy, cppcheck, clang-format and pyflakes find
# sudo make coverage    what the unit and integration tests reach, into build-coverage
# sudo make mutants     break the code in small ways and see that a test notices each
# make pictures     take the pictures of the README anew
# make notices      take a picture of every kind of notice in every language, into $(BUILD)/screenshots
# sudo make check-plugs    200 plugs of everything in tests/zoo that can be plugged, for hours
# make bench        measure, beside USBGuard in the same virtual machine
#
# V=1 shows the commands. SAN=1 builds with AddressSanitizer and UndefinedBehaviorSanitizer (into build-san). WERROR=0
# lets warnings pass.

VERSION    := 0.1.0
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec/lekdicht
# Where lekdicht-watch looks for its catalogue.
DATADIR    := /usr/share/lekdicht
# systemd, udev, kmod, D-Bus and polkit look here, whatever PREFIX is.
UNITDIR     ?= /usr/lib/systemd/system
UDEVDIR     ?= /usr/lib/udev/rules.d
MODPROBEDIR ?= /usr/lib/modprobe.d
DBUSDIR     ?= /usr/share/dbus-1/system.d
POLKITDIR   ?= /usr/share/polkit-1/actions
SYSUSERSDIR ?= /usr/lib/sysusers.d
# The desktop and gettext look here.
AUTOSTARTDIR ?= /etc/xdg/autostart
LOCALEDIR    ?= /usr/share/locale
MANDIR       ?= $(PREFIX)/share/man
# bash-completion and zsh look here.
BASHDIR ?= /usr/share/bash-completion/completions
ZSHDIR  ?= /usr/share/zsh/vendor-completions

ifeq ($(SAN),1)
BUILD  ?= build-san
else
BUILD  ?= build
endif

CC         ?= cc
CLANG      ?= clang-14
PKG_CONFIG ?= pkg-config
INSTALL    ?= install

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
            -Wvla -Wformat=2 -Wundef -Wnull-dereference -Wredundant-decls -Wmissing-include-dirs
ifneq ($(WERROR),0)
WARNINGS += -Werror
endif
CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DLEKDICHT_VERSION='"$(VERSION)"' -I.
ALL_CFLAGS := -std=gnu11 $(WARNINGS) -ffunction-sections -fdata-sections
LDFLAGS  += -Wl,--gc-sections
ifeq ($(SAN),1)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1
LDFLAGS    += -fsanitize=address,undefined
else ifeq ($(COVERAGE),1)
ALL_CFLAGS += --coverage -Og
LDFLAGS    += --coverage
else
CPPFLAGS   += -D_FORTIFY_SOURCE=2
ALL_CFLAGS += -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
LDFLAGS    += -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
endif

ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @echo "  $(1)	$(2)";
endif

.PHONY: all
all: programs

# ---- programs: name, sources, pkg-config packages --------------------------------------------------------------------

PROGRAMS := lekdicht-gate lekdicht-probe lekdichtd lekdicht-watch lekdicht lekdicht-reporter lekdicht-collector lekdicht-notifier
sources_lekdicht-gate := $(wildcard gate/*.c)
sources_lekdichtd     := $(wildcard agent/*.c)
sources_lekdicht-watch := $(wildcard watcher/*.c)
libs_lekdicht-watch    := libsystemd
sources_lekdicht      := $(wildcard cli/*.c)
libs_lekdicht-gate    :=
sources_lekdicht-probe := $(wildcard probe/*.c)
libs_lekdicht-probe    := blkid
libs_lekdichtd        := libudev libsystemd libsodium inih sqlite3
libs_lekdicht         := libsystemd inih jansson libcrypto
sources_lekdicht-reporter := $(wildcard reporter/*.c)
libs_lekdicht-reporter    := libsystemd inih libcurl zlib jansson
sources_lekdicht-collector := $(wildcard collector/*.c)
libs_lekdicht-collector    := inih jansson libmicrohttpd libsodium sqlite3 zlib
sources_lekdicht-notifier := $(wildcard notifier/*.c)
libs_lekdicht-notifier    := libnotify gio-2.0
# Where the gate finds the program that looks at a disk.
$(BUILD)/gate/main.o $(BUILD)/tests/unit/test-gate-main.o: CPPFLAGS += -DLEKDICHT_PROBE='"$(LIBEXECDIR)/lekdicht-probe"'
# GLib is the one library that is not in the compiler's own path; its headers are not held to our warnings.
$(BUILD)/notifier/%.o $(BUILD)/tests/unit/test-notifier-%.o: \
	CPPFLAGS += $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags libnotify gio-2.0))

# What everyone may include. Only the objects that a program calls are linked into it.
common_sources := $(wildcard common/*.c)
policy_sources := $(wildcard policy/*.c)
archives := $(BUILD)/libpolicy.a $(BUILD)/libcommon.a

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

define program
$(BUILD)/$(1): $(call objects,$(sources_$(1))) $(archives)
	$(call say,LD,$$@)$(CC) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $$@ $(call objects,$(sources_$(1))) $(archives) \
		$(if $(libs_$(1)),$$$$($(PKG_CONFIG) --libs $(libs_$(1))))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

.PHONY: programs
programs: $(addprefix $(BUILD)/,$(PROGRAMS)) translations

$(BUILD)/libcommon.a: $(call objects,$(common_sources))
$(BUILD)/libpolicy.a: $(call objects,$(policy_sources))
$(archives):
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.c,$(BUILD)/%.d,$(wildcard */*.c tests/*/*.c))

# The assembler reads it (collector/style.c), so that no .d file names it.
$(BUILD)/collector/style.o: collector/web/style.css
$(BUILD)/agent/zerocd.o: agent/zerocd.list

# ---- translations: the texts of the notices ------------------------------------------------------------------------------

LANGUAGES := $(patsubst po/%.po,%,$(wildcard po/*.po))
translation_of = $(1)/LC_MESSAGES/lekdicht.mo

.PHONY: translations
translations: $(foreach l,$(LANGUAGES),$(BUILD)/locale/$(call translation_of,$(l)))

$(BUILD)/locale/$(call translation_of,%): po/%.po
	@mkdir -p $(@D)
	$(call say,MSGFMT,$@)msgfmt --check-format -o $@ $<

# After a text was changed: the sources' texts into the template, the template into each language. Then translate.
.PHONY: po
po:
	po/extract po/lekdicht.pot
	for language in $(LANGUAGES); do msgmerge --quiet --no-wrap --update --backup=none po/$$language.po po/lekdicht.pot || exit 1; done

# ---- test programs: the first line of a test names what it is linked with ----------------------------------------------
# /* links: policy/judge.c policy/facts.c libs: inih */     sources from the root; pkg-config packages besides cmocka

# /* links: tests/bed/bed.c @lekdichtd libs: libudev */      @PROGRAM: all that is in the program, but for its main.c

# What is in common/ and policy/ comes with the archives and need not be named; a fuzzer names that too.

all_of = $(filter-out %/main.c,$(sources_$(1))) $(common_sources) $(policy_sources)
links_words = $(shell sed -n '1s/.*links:\(.*\)libs:.*/\1/p;t;1s/.*links:\(.*\)\*\/.*/\1/p;q' $(1))
links_of = $(foreach word,$(call links_words,$(1)),$(if $(filter @%,$(word)),$(call all_of,$(word:@%=%)),$(word)))
libs_of  = $(shell sed -n '1s/.*libs:\(.*\)\*\/.*/\1/p;q' $(1))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test-*.c))
INTEGRATION_PROGRAMS := $(patsubst tests/integration/%.c,$(BUILD)/tests/integration/%,$(wildcard tests/integration/*.c))
DEMO_PROGRAMS := $(patsubst tests/demo/%.c,$(BUILD)/tests/demo/%,$(wildcard tests/demo/*.c))
BENCH_PROGRAMS := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
FUZZERS    := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz-*.c))

define test_program
$(BUILD)/$(1:.c=): $(call objects,$(1) $(call links_of,$(1))) $(archives)
	$(call say,LD,$$@)$(CC) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $$@ $$^ \
		$(if $(strip $(2) $(call libs_of,$(1))),$$$$($(PKG_CONFIG) --libs $(2) $(call libs_of,$(1))))
endef
$(foreach t,$(wildcard tests/unit/test-*.c),$(eval $(call test_program,$(t),cmocka)))
$(foreach t,$(wildcard tests/integration/*.c tests/demo/*.c bench/*.c),$(eval $(call test_program,$(t),)))

# Fuzzers are built from source in one go by clang, because libFuzzer instruments every file it is to see.
define fuzzer
$(BUILD)/$(1:.c=): $(1) $(call links_of,$(1)) $(wildcard */*.h tests/fuzz/*.h)
	@mkdir -p $$(@D)
	$(call say,FUZZ,$$@)$(CLANG) $(CPPFLAGS) -U_FORTIFY_SOURCE -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -o $$@ $(1) $(call links_of,$(1)) \
		$(if $(strip $(call libs_of,$(1))),$$$$($(PKG_CONFIG) --cflags --libs $(call libs_of,$(1))))
endef
$(foreach f,$(wildcard tests/fuzz/fuzz-*.c),$(eval $(call fuzzer,$(f))))

.PHONY: tests fuzzers
tests: $(UNIT_TESTS) $(INTEGRATION_PROGRAMS) $(DEMO_PROGRAMS) $(BENCH_PROGRAMS)
fuzzers: $(FUZZERS)

# ---- installing --------------------------------------------------------------------------------------------------------

# The manual, name.section, and where a page goes. The collector's pages go where the collector goes.
MAN_PAGES := $(notdir $(wildcard docs/man/*.[1-9]))
MAN_COLLECTOR := $(filter lekdicht-collector.%,$(MAN_PAGES))
MAN_LAPTOP := $(filter-out $(MAN_COLLECTOR),$(MAN_PAGES))
man_path = $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(1)))/$(1)

LAPTOP_UNITS := $(filter-out systemd/lekdicht-collector.service,$(wildcard systemd/*.service))

.PHONY: install uninstall
install: programs
	$(INSTALL) -D -m 0755 $(BUILD)/lekdicht-gate $(DESTDIR)$(SBINDIR)/lekdicht-gate
	$(INSTALL) -D -m 0755 $(BUILD)/lekdicht-probe $(DESTDIR)$(LIBEXECDIR)/lekdicht-probe
	$(INSTALL) -D -m 0755 $(BUILD)/lekdichtd $(DESTDIR)$(LIBEXECDIR)/lekdichtd
	$(INSTALL) -D -m 0755 $(BUILD)/lekdicht $(DESTDIR)$(BINDIR)/lekdicht
	$(INSTALL) -D -m 0755 $(BUILD)/lekdicht-watch $(DESTDIR)$(LIBEXECDIR)/lekdicht-watch
	$(INSTALL) -D -m 0644 policy/clients.ini $(DESTDIR)$(DATADIR)/clients.ini
	$(INSTALL) -D -m 0755 $(BUILD)/lekdicht-reporter $(DESTDIR)$(LIBEXECDIR)/lekdicht-reporter
	$(INSTALL) -d -m 0755 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(UDEVDIR) $(DESTDIR)$(MODPROBEDIR) $(DESTDIR)$(DBUSDIR) $(DESTDIR)$(POLKITDIR)
	for unit in $(LAPTOP_UNITS); do \
		sed -e 's|@SBINDIR@|$(SBINDIR)|g' -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' $$unit > $(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; \
	done
	$(INSTALL) -m 0644 systemd/*.rules $(DESTDIR)$(UDEVDIR)
	$(INSTALL) -m 0644 systemd/modprobe-lekdicht.conf $(DESTDIR)$(MODPROBEDIR)/lekdicht.conf
	$(INSTALL) -m 0644 systemd/org.lekdicht.Agent1.conf $(DESTDIR)$(DBUSDIR)
	$(INSTALL) -m 0644 systemd/org.lekdicht.agent1.policy $(DESTDIR)$(POLKITDIR)
	$(INSTALL) -D -m 0755 $(BUILD)/lekdicht-notifier $(DESTDIR)$(LIBEXECDIR)/lekdicht-notifier
	$(INSTALL) -d -m 0755 $(DESTDIR)$(AUTOSTARTDIR)
	sed -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' systemd/lekdicht-notifier.desktop > $(DESTDIR)$(AUTOSTARTDIR)/lekdicht-notifier.desktop
	chmod 0644 $(DESTDIR)$(AUTOSTARTDIR)/lekdicht-notifier.desktop
	$(foreach l,$(LANGUAGES),$(INSTALL) -D -m 0644 $(BUILD)/locale/$(call translation_of,$(l)) \
		$(DESTDIR)$(LOCALEDIR)/$(call translation_of,$(l)) &&) true
	$(foreach p,$(MAN_LAPTOP),$(INSTALL) -D -m 0644 docs/man/$(p) $(call man_path,$(p)) &&) true
	$(INSTALL) -D -m 0644 cli/completion/lekdicht.bash $(DESTDIR)$(BASHDIR)/lekdicht
	ln -sf lekdicht $(DESTDIR)$(BASHDIR)/lekdicht-gate
	$(INSTALL) -D -m 0644 cli/completion/_lekdicht $(DESTDIR)$(ZSHDIR)/_lekdicht
	$(INSTALL) -D -m 0644 systemd/sysusers-lekdicht.conf $(DESTDIR)$(SYSUSERSDIR)/lekdicht.conf
	$(INSTALL) -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/lekdicht
	test -e $(DESTDIR)$(SYSCONFDIR)/lekdicht/policy.ini || \
		$(INSTALL) -m 0644 policy/policy.ini $(DESTDIR)$(SYSCONFDIR)/lekdicht/policy.ini
	$(if $(DESTDIR),,SBINDIR=$(SBINDIR) BINDIR=$(BINDIR) systemd/switch on)

# Open first: a laptop without lekdicht must have no dead port. The school's policy file stays.
uninstall:
	$(if $(DESTDIR),,SBINDIR=$(SBINDIR) systemd/switch off)
	for unit in $(notdir $(LAPTOP_UNITS)); do rm -f $(DESTDIR)$(UNITDIR)/$$unit; done
	for rules in systemd/*.rules; do rm -f $(DESTDIR)$(UDEVDIR)/$${rules##*/}; done
	rm -f $(DESTDIR)$(MODPROBEDIR)/lekdicht.conf $(DESTDIR)$(DBUSDIR)/org.lekdicht.Agent1.conf \
		$(DESTDIR)$(POLKITDIR)/org.lekdicht.agent1.policy $(DESTDIR)$(SYSUSERSDIR)/lekdicht.conf
	rm -f $(DESTDIR)$(SBINDIR)/lekdicht-gate $(DESTDIR)$(LIBEXECDIR)/lekdichtd $(DESTDIR)$(BINDIR)/lekdicht \
		$(DESTDIR)$(LIBEXECDIR)/lekdicht-reporter $(DESTDIR)$(LIBEXECDIR)/lekdicht-probe $(DESTDIR)$(LIBEXECDIR)/lekdicht-watch \
		$(DESTDIR)$(DATADIR)/clients.ini \
		$(DESTDIR)$(BASHDIR)/lekdicht $(DESTDIR)$(BASHDIR)/lekdicht-gate $(DESTDIR)$(ZSHDIR)/_lekdicht
	rm -f $(DESTDIR)$(LIBEXECDIR)/lekdicht-notifier $(DESTDIR)$(AUTOSTARTDIR)/lekdicht-notifier.desktop \
		$(foreach l,$(LANGUAGES),$(DESTDIR)$(LOCALEDIR)/$(call translation_of,$(l))) \
		$(foreach p,$(MAN_LAPTOP),$(call man_path,$(p)))
	-rmdir $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR) 2>/dev/null
	$(if $(DESTDIR),,SBINDIR=$(SBINDIR) systemd/switch reload)

# The collector is not part of `install`: it belongs on one machine, not on laptops. Its database stays.
.PHONY: install-collector uninstall-collector
install-collector: $(BUILD)/lekdicht-collector
	$(INSTALL) -D -m 0755 $(BUILD)/lekdicht-collector $(DESTDIR)$(SBINDIR)/lekdicht-collector
	$(INSTALL) -d -m 0755 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/lekdicht-collector
	sed -e 's|@SBINDIR@|$(SBINDIR)|g' systemd/lekdicht-collector.service > $(DESTDIR)$(UNITDIR)/lekdicht-collector.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/lekdicht-collector.service
	$(INSTALL) -D -m 0644 cli/completion/lekdicht-collector.bash $(DESTDIR)$(BASHDIR)/lekdicht-collector
	$(INSTALL) -D -m 0644 cli/completion/_lekdicht-collector $(DESTDIR)$(ZSHDIR)/_lekdicht-collector
	$(INSTALL) -D -m 0644 systemd/sysusers-lekdicht-collector.conf $(DESTDIR)$(SYSUSERSDIR)/lekdicht-collector.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/lekdicht-collector/collector.ini || \
		$(INSTALL) -m 0644 collector/collector.ini $(DESTDIR)$(SYSCONFDIR)/lekdicht-collector/collector.ini
	$(foreach p,$(MAN_COLLECTOR),$(INSTALL) -D -m 0644 docs/man/$(p) $(call man_path,$(p)) &&) true
	$(if $(DESTDIR),,systemd/switch-collector on)

uninstall-collector:
	$(if $(DESTDIR),,SBINDIR=$(SBINDIR) systemd/switch-collector off)
	rm -f $(DESTDIR)$(SBINDIR)/lekdicht-collector $(DESTDIR)$(UNITDIR)/lekdicht-collector.service \
		$(DESTDIR)$(SYSUSERSDIR)/lekdicht-collector.conf $(DESTDIR)$(BASHDIR)/lekdicht-collector \
		$(DESTDIR)$(ZSHDIR)/_lekdicht-collector $(foreach p,$(MAN_COLLECTOR),$(call man_path,$(p)))
	$(if $(DESTDIR),,systemd/switch-collector reload)

# ---- Debian packages -----------------------------------------------------------------------------------------------------

.PHONY: deb
deb:
	.ci/install-packages build package
	debian/make-deb $(BUILD)/deb

# ---- the README's pictures -------------------------------------------------------------------------------------------------

.PHONY: pictures
pictures: programs
	BUILD=$(BUILD) docs/pictures/take

.PHONY: notices
notices: programs
	BUILD=$(BUILD) docs/pictures/notices

# ---- from nothing --------------------------------------------------------------------------------------------------------

.PHONY: run check check-unit check-integration check-vm check-fuzz check-san check-plugs packages-build packages-run packages-check bench clean coverage format lint mutants
packages-build packages-run packages-check:
	.ci/install-packages $(@:packages-%=%)

run:
	.ci/install-packages build run
	$(MAKE) programs $(DEMO_PROGRAMS)
	BUILD=$(BUILD) tests/demo/run

# One process runs the suites one after another and prints the one closing line.
check:
	.ci/install-packages build check package
	BUILD=$(BUILD) MAKE="$(MAKE)" tests/run unit san integration fuzz vm

check-unit check-integration check-vm check-fuzz check-san check-plugs:
	BUILD=$(BUILD) MAKE="$(MAKE)" tests/run $(@:check-%=%)

# Findings without running anything; what is passed over, and why, stands in .clang-tidy and tests/lint.
lint: export LINT_CPPFLAGS = $(CPPFLAGS) -DLEKDICHT_PROBE='"$(LIBEXECDIR)/lekdicht-probe"' \
	$(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags libnotify gio-2.0))
lint:
	.ci/install-packages build lint
	tests/lint/run $(CHECKS)

mutants:
	.ci/install-packages build check
	MAKE="$(MAKE)" tests/mutants/run

coverage:
	.ci/install-packages build check coverage
	MAKE="$(MAKE)" tests/coverage/run

bench:
	.ci/install-packages build check
	$(MAKE) programs $(BENCH_PROGRAMS)
	BUILD=$(BUILD) MAKE="$(MAKE)" bench/run

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build build-san build-coverage build-mutants
