# What is built, installed, packaged and tested, and where it goes.
#
#   make build       the four programs, man pages and completions, in target/dist
#   make install     to DESTDIR, under PREFIX; make uninstall takes it away again
#   make deb         a Debian package in target/deb
#   make test        everything that proves it
#   make demo        shows what it does, in a scratch folder
#   make faults      every system call fails once, and the matrix of what came of it; long
#   make powercut    five hundred power cuts while beats are written; some minutes
#   make sim         years of faults over the real pass: YEARS=10000, or REPLAY=FILE
#   make bench       time, size, memory and scale, as ratios; some twenty minutes
#   make sbom        what the programs are built from, in target/dist/sbom.cdx.json
#   make deny        licences, sources and known holes of that, by cargo-deny
#   make endurance   every cut and fault between checker and forges: 114,000 trials
#   make reproducible  builds the package twice, in two places, and compares; half an hour
#   make fuzz        each fuzz target for TIME seconds (600); an hour and a half
#   make mutants     changes the core in thousands of ways, and sees which no test notices

SHELL := /bin/sh
CARGO ?= cargo
SYSTEMCTL ?= systemctl

PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/heartbeat-checker
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
DIST := $(TARGET)/dist
# The host, as cargo names it. The writer is linked statically: with musl where that
# target is installed, else with glibc.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
MUSL = $(patsubst %-gnu,%-musl,$(HOST))
WRITER_TARGET = $(if $(wildcard $(shell rustc --print sysroot)/lib/rustlib/$(MUSL)/lib),$(MUSL),$(HOST))

# Where the sources and cargo's copies lie is nobody's business, and would make two builds
# in two places differ.
FLAGS = $(RUSTFLAGS) --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo \
	--remap-path-prefix=$(CURDIR)=/src

BINARIES := beat beat-check beat-report beat-adopt
PAGES := beat beat-check beat-check-config beat-report beat-adopt
UNITS := beat-check.service beat-check.timer beat-report.service beat-report.timer \
	beat-adopt.service beat-adopt.timer beat@.service beat-fail@.service

.PHONY: build install uninstall deb test sbom deny reproducible

build:
	RUSTFLAGS='$(FLAGS)' $(CARGO) build --release --locked -p checker -p report -p adopt -p house-tests \
		--bin beat-check --bin beat-report --bin beat-adopt --bin make-docs --bin make-sbom
	RUSTFLAGS='$(FLAGS) -C target-feature=+crt-static' $(CARGO) build --locked --profile writer \
		-p writer --target $(WRITER_TARGET)
	@mkdir -p $(DIST)/man
	@install -m 0755 $(TARGET)/release/beat-check $(TARGET)/release/beat-report \
		$(TARGET)/release/beat-adopt $(TARGET)/$(WRITER_TARGET)/writer/beat $(DIST)/
	@install -m 0644 writer/beat.1 $(DIST)/man/
	@$(TARGET)/release/make-docs $(DIST)
	@$(call make_sbom,$(TARGET)/release/make-sbom)
	@# All settings with their defaults, put out of force.
	@$(DIST)/beat-check config --print-default | sed 's/^[a-z[]/#&/' >$(DIST)/config.toml
	@ls -l $(BINARIES:%=$(DIST)/%)

# The parts of the four programs, from what cargo knows of them; the same bytes each time.
LIBC = $(if $(findstring musl,$(WRITER_TARGET)),musl,glibc $(shell getconf GNU_LIBC_VERSION | cut -d' ' -f2))
define make_sbom
$(CARGO) tree --locked -e normal --prefix none --target $(HOST) -p writer -p checker -p report -p adopt \
	>$(DIST)/tree.txt && $(CARGO) metadata --locked --format-version 1 --filter-platform $(HOST) | \
	$(1) Cargo.lock $(DIST)/tree.txt "$(shell rustc -V)" "$(LIBC)" >$(DIST)/sbom.new && \
	mv $(DIST)/sbom.new $(DIST)/sbom.cdx.json && rm -f $(DIST)/tree.txt
endef

# By itself: nothing else is built for it, and nothing at all where SBOM_TOOL names the tool.
sbom:
	$(if $(SBOM_TOOL),,$(CARGO) build --locked -p house-tests --bin make-sbom)
	@mkdir -p $(DIST)
	@$(call make_sbom,$(or $(SBOM_TOOL),$(TARGET)/debug/make-sbom))
	@echo $(DIST)/sbom.cdx.json

deny:
	tests/deny

reproducible:
	packaging/reproducible

# Files only: what a running system must then be told is printed at the end.
install:
	@for b in $(BINARIES); do test -x $(DIST)/$$b || { \
		echo "error: $(DIST)/$$b is missing"; echo "hint: run make build first"; exit 1; }; done
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERSDIR) \
		$(DESTDIR)$(TMPFILESDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(DOCDIR) \
		$(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	install -m 0755 $(BINARIES:%=$(DIST)/%) $(DESTDIR)$(BINDIR)/
	@for u in $(UNITS); do \
		sed 's|^ExecStart=/usr/bin/|ExecStart=$(BINDIR)/|' systemd/$$u >$(DESTDIR)$(UNITDIR)/$$u && \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$$u || exit 1; echo "$(DESTDIR)$(UNITDIR)/$$u"; done
	install -m 0644 systemd/sysusers.d/heartbeat-checker.conf $(DESTDIR)$(SYSUSERSDIR)/
	install -m 0644 systemd/tmpfiles.d/heartbeat-checker.conf $(DESTDIR)$(TMPFILESDIR)/
	install -m 0644 $(PAGES:%=$(DIST)/man/%.1) $(DESTDIR)$(MANDIR)/man1/
	install -m 0644 $(DIST)/config.toml $(DIST)/sbom.cdx.json $(DESTDIR)$(DOCDIR)/
	install -m 0644 $(DIST)/completions/bash/* $(DESTDIR)$(BASHDIR)/
	install -m 0644 $(DIST)/completions/zsh/* $(DESTDIR)$(ZSHDIR)/
	install -m 0644 $(DIST)/completions/fish/* $(DESTDIR)$(FISHDIR)/
ifeq ($(DESTDIR),)
	@printf '%s\n' '' 'Then, as root:' '  systemd-sysusers && systemd-tmpfiles --create' \
		'  systemctl daemon-reload && systemctl enable --now beat-check.timer beat-report.timer beat-adopt.timer' \
		'' "In a crontab, where cron looks in /usr/bin and /bin only: PATH=$(BINDIR):/usr/bin:/bin"
endif

# Takes away what install brought. Beats, issues and settings stay.
uninstall:
ifeq ($(DESTDIR),)
	@if [ -d /run/systemd/system ] && [ "$$(id -u)" = 0 ]; then \
		$(SYSTEMCTL) disable --now beat-check.timer beat-report.timer beat-adopt.timer || true; fi
endif
	rm -f $(BINARIES:%=$(DESTDIR)$(BINDIR)/%) $(UNITS:%=$(DESTDIR)$(UNITDIR)/%) \
		$(DESTDIR)$(SYSUSERSDIR)/heartbeat-checker.conf $(DESTDIR)$(TMPFILESDIR)/heartbeat-checker.conf \
		$(PAGES:%=$(DESTDIR)$(MANDIR)/man1/%.1) $(DESTDIR)$(DOCDIR)/config.toml $(DESTDIR)$(DOCDIR)/sbom.cdx.json \
		$(BINARIES:%=$(DESTDIR)$(BASHDIR)/%) $(BINARIES:%=$(DESTDIR)$(ZSHDIR)/_%) \
		$(BINARIES:%=$(DESTDIR)$(FISHDIR)/%.fish)
	@rmdir $(DESTDIR)$(DOCDIR) 2>/dev/null || true
ifeq ($(DESTDIR),)
	@if [ -d /run/systemd/system ] && [ "$$(id -u)" = 0 ]; then $(SYSTEMCTL) daemon-reload; fi
	@echo 'Kept: /var/lib/heartbeats, /var/lib/beat-check, /var/lib/beat-adopt, /etc/heartbeat, the user heartbeat'
endif

deb: build
	packaging/build-deb --dist $(DIST) --out $(TARGET)/deb

test:
	tests/install-packages
	$(MAKE) build
	@rm -f $(TARGET)/left-out.txt
	HEARTBEAT_JOURNEYS=1 HEARTBEAT_BIN_DIR=$(DIST) $(CARGO) test --locked --workspace
	$(CARGO) test --locked --profile sim -p heartbeat-sim
	@if [ -s $(TARGET)/left-out.txt ]; then sort -u $(TARGET)/left-out.txt; \
		else echo 'nothing was left out'; fi

# The life of an issue behind a proxy that cuts at every byte and answers with every fault.
# An optimised build, without the long linking of a release; ENDURANCE_STRIDE=7 tries each
# seventh byte.
.PHONY: endurance
endurance:
	CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 $(CARGO) test --locked \
		--release --target-dir $(TARGET)/endurance -p house-tests --test journey_forges -- \
		--ignored --nocapture --test-threads=1 every_
# Fuzz targets, JOBS at once. The tools are kept apart from those of the user.
TOOLS := $(TARGET)/tools
CARGO_FUZZ := 0.13.2
CARGO_MUTANTS := 27.1.0
TIME ?= 600
.PHONY: fuzz fuzz-smoke mutants
fuzz: $(TOOLS)/cargo-fuzz-$(CARGO_FUZZ)
	PATH=$(TOOLS)/bin:$$PATH fuzz/run $(TIME) $(TARGETS)

# A few seconds each, from the seeds that are checked in: what CI does.
fuzz-smoke:
	@$(MAKE) $(TOOLS)/cargo-fuzz-$(CARGO_FUZZ) || { echo 'left out: fuzzing, as cargo-fuzz cannot be had here'; exit 0; }; \
		JOBS=2 $(MAKE) fuzz TIME=4

# SHARD=1/8 does one of eight parts, 0/8 to 7/8.
mutants: $(TOOLS)/cargo-mutants-$(CARGO_MUTANTS)
	PATH=$(TOOLS)/bin:$$PATH tests/mutants $(SHARD)

$(TOOLS)/cargo-fuzz-$(CARGO_FUZZ):
	$(CARGO) install --locked --root $(TOOLS) cargo-fuzz@$(CARGO_FUZZ)
	@touch $@

$(TOOLS)/cargo-mutants-$(CARGO_MUTANTS):
	$(CARGO) install --locked --root $(TOOLS) cargo-mutants@$(CARGO_MUTANTS)
	@touch $@

# The whole path in a scratch folder; plain debug programs, the quickest to build.
.PHONY: demo
demo:
	$(CARGO) build --locked -p writer -p checker -p report -p adopt --bins
	@HEARTBEAT_BIN_DIR=$(TARGET)/debug demo/run

# In make test a sample of both runs. What they show stands in docs/assurance.md.
.PHONY: faults powercut
faults: build
	$(CARGO) build --locked -p house-tests --bin fault-matrix
	@HEARTBEAT_BIN_DIR=$(DIST) $(TARGET)/debug/fault-matrix

powercut: build
	$(CARGO) build --locked -p house-tests --bin power-cut
	@HEARTBEAT_BIN_DIR=$(DIST) $(TARGET)/debug/power-cut

# The last line is the result, and so is the exit code.
YEARS ?= 10000
REPLAY ?=
.PHONY: sim
sim:
	$(CARGO) build --locked --profile sim -p heartbeat-sim
	@$(TARGET)/sim/sim $(if $(REPLAY),--replay $(REPLAY),$(YEARS))

# Ratios against something measured in the same run, printed and put into the README.
# BENCH_DIR says where the stores of up to a million beats are made, SIZES which.
.PHONY: bench
bench: build
	RUSTFLAGS='$(FLAGS)' $(CARGO) build --locked --release -p house-tests --bin bench-writer --bin bench-wrapper \
		--bin bench-pass --bin bench-schedules --bin bench-adopt --bin bench-scale
	$(TARGET)/release/bench-writer >$(TARGET)/bench.md
	@for bench in bench-wrapper bench-schedules bench-adopt; do echo >>$(TARGET)/bench.md; \
		HEARTBEAT_BIN_DIR=$(DIST) $(TARGET)/release/$$bench >>$(TARGET)/bench.md || exit 1; done
	@echo >>$(TARGET)/bench.md
	HEARTBEAT_BIN_DIR=$(DIST) $(TARGET)/release/bench-pass >>$(TARGET)/bench.md
	@echo >>$(TARGET)/bench.md
	HEARTBEAT_BIN_DIR=$(DIST) $(TARGET)/release/bench-scale >>$(TARGET)/bench.md
	@cat $(TARGET)/bench.md
	@awk -v table=$(TARGET)/bench.md '/<!-- bench:end -->/ { skip = 0 } !skip { print } \
		/<!-- bench:begin -->/ { skip = 1; while ((getline line <table) > 0) print line }' \
		README.md >$(TARGET)/README.md && cat $(TARGET)/README.md >README.md
