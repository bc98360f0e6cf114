# make            the module and the sidecar, into build/
# make check-fast what is quick and needs no LibreOffice: before each commit
# make check      everything that ./check runs
# make check-long what takes long, beside it
# make unit       C unit tests, with sanitizers
# make fuzz       each fuzzer for FUZZ_SECONDS
# make prisoner   tries everything that no engine's sandbox allows, on each Landlock
# make soak       KILLS random kills of every process under load
# make sizes-large  a result and a document of LARGE_SIZE bytes (1 GiB) by each way out and in
# make fidelity   each document beside the checkout as a PDF, compared with soffice's
# make words      WORDS texts of every script, charset and format: every word comes out
# make walk       WALK_S seconds of clients at random, against a model of the API
# make bench      the benchmarks, each a ratio in one run: bench/RESULTS.md and its plots
# make bench-quick    the same in a third of the time, printed only
# make bench-compare A=DIR B=DIR  two builds beside each other
# make screenshots  the pictures of the README, by the test of the page
# make analyze    clang-tidy, cppcheck and gcc -fanalyzer over all of our C
# make valgrind   unit tests of what reads and keeps, without sanitizers, by valgrind
# make coverage   what unit tests and some of t/ reach, by line and branch; in build/coverage
# make static     nginx with the module within it, to be tested with t/run @static/t/x.t
# make turns      how long the loops of platend and nginx are held up at most, with much in work
# make duckdb     fetches DuckDB's library, which Parquet needs
# make swagger    fetches Swagger UI, which /docs is then: before the module is made
# make distro     on another release of Debian, DIST=trixie (13), bookworm (12) or sid
# make distro-short  what ./check runs of it
# make packages   Debian packages for DIST, tried in a root of it; into build/packages
# make packages ARCH=arm64  the same for another architecture, cross-built, tried under qemu-user
# make machine    and on a virtual machine with DIST's kernel: the limit of memory by cgroup
# make booted     and installed, upgraded, killed and removed under systemd, after make packages
# make upgraded   nginx 1.22 of Debian 12 upgraded to DIST's while it serves
# make images     docker/ built, and run alone, by compose.yaml and by kubernetes.yaml
# make arm64      cross-built for arm64, and the unit tests under qemu-user
# make manifest   kubernetes.yaml beside the schema and the types of Kubernetes' API
# make install    files, units, user, directories and keys; or, with DESTDIR, the files there;
#                 what was edited stays
# make uninstall  takes the files away; configuration that was edited, keys and jobs stay
#
# Debian packages that this needs are listed in debian/packages.

BUILD     ?= build
NGINX_SRC ?= /usr/share/nginx/src
CC        ?= cc
CLANG     ?= clang
CFLAGS    ?= -O2 -g
DESTDIR   ?=

# nginx's Makefile has its own CFLAGS: ours, given on the command line, must not replace them.
MAKEOVERRIDES =

MODULES_DIR = /usr/lib/nginx/modules
SBINDIR     = /usr/sbin
BINDIR      = /usr/bin
LIBEXECDIR  = /usr/lib/platen
SYSCONFDIR  = /etc/platen
UNITDIR     = /usr/lib/systemd/system
LOGROTATE   = /etc/logrotate.d/platen
MANDIR      = /usr/share/man
COMPLETIONS = /usr/share/bash-completion/completions
ZSH_COMPLETIONS = /usr/share/zsh/vendor-completions

WARN    = -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Werror
# What a file may include follows from where it lies (t/house/layers.t: the order of the rooms).
INC_proto      = -Iproto
INC_sidecar    = -Iproto -Isidecar
INC_cli        = -Iproto -Icli
INC_ngx_module = -Iproto -Ingx_module
INC_t          = -Iproto -Isidecar -Icli -Ingx_module -It -It/unit
INC            = $(INC_$(firstword $(subst /, ,$<)))
LIBS    = -llmdb -lmagic -lcrypto -lnettle
SIDELIB = -lczmq -lzmq -ljansson -lseccomp -lz
DEPS    = -MMD -MP # each object knows the headers that it was made from
HARDEN  = -fstack-protector-strong -fstack-clash-protection $(BRANCHES) \
          -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE
MACHINE := $(shell $(CC) -dumpmachine)
BRANCHES = $(if $(filter x86_64%,$(MACHINE)),-fcf-protection,$(if $(filter aarch64%,$(MACHINE)),-mbranch-protection=standard))

PROTO   = $(wildcard proto/*/*.c)
# The rooms of platend; a program of its own takes of them what it calls.
SIDECAR = $(filter-out sidecar/platend.c,$(wildcard sidecar/*.c $(patsubst %,sidecar/%/*.c, \
            bus schedule batch run sandbox engine office webhook backup storeadmin)))
LOK     = $(filter-out sidecar/lok/soffice.c,$(wildcard sidecar/lok/*.c)) $(filter-out %/main.c,$(wildcard sidecar/docx/*.c))
# What is loaded into a LibreOffice that platend does not keep warm.
SOFFICE = sidecar/lok/soffice.c sidecar/lok/links.c proto/base/utf8.c
# OOXML text documents: for LibreOffice's children, and for a program of its own.
DOCX    = $(wildcard sidecar/docx/*.c) $(addprefix sidecar/lok/,direction.c package.c part.c functions.c)
TABLES  = $(wildcard sidecar/tables/*.c)
TEXT    = $(wildcard sidecar/text/*.c)
ZIP     = $(wildcard sidecar/zip/*.c)
# These two alone of platend's have libcurl: one talks to hosts that clients name, one to a
# collector of traces that the operator names.
DELIVER = $(wildcard sidecar/deliver/*.c)
OTLP    = $(wildcard sidecar/otlp/*.c)
CTL     = $(wildcard sidecar/ctl/*.c)
# The client for the command line: knows the HTTP contract, and of the rest proto/base alone.
CLI     = $(wildcard cli/*.c)
# What of the module is free of nginx, and so is tested without it.
PLAIN   = $(addprefix ngx_module/,http/params.c http/prefer.c http/problem.c ingest/multipart.c \
            ingest/multipart_header.c ingest/receive.c ingest/receive_files.c tus/header.c ws/frame.c)
HEADERS = $(wildcard proto/*/*.h cli/*.h sidecar/*.h sidecar/*/*.h ngx_module/*.h ngx_module/*/*.h t/*.h t/unit/*.h)

MODULE  = $(BUILD)/ngx_http_platen_module.so
PLATEND = $(BUILD)/platend
CTL_BIN = $(BUILD)/platenctl
CLI_BIN = $(BUILD)/platen

LIBEXEC = $(addprefix $(BUILD)/,platen-docx platen-lok platen-otlp platen-tables platen-text platen-webhook platen-zip platen-soffice.so platen-mupdf.js platen-pandoc.lua)

# Pages of the manual: as they are, or made of what is written elsewhere (docs/man/make-page).
PAGES   = platen.1 platend.8 platenctl.8 platend.cfg.5 ngx_http_platen_module.5
MAN     = $(addprefix $(BUILD)/man/,$(PAGES))

all: module sidecar ctl cli libexec man

module: $(MODULE)
sidecar: $(PLATEND)
ctl: $(CTL_BIN)
cli: $(CLI_BIN)
.PHONY: cli
libexec: $(LIBEXEC)
man: $(MAN)
lok: $(BUILD)/platen-lok

# The distribution's own configure, with the distribution's own flags.  Done
# again when the add-on script changes; make does the rest.
NGX_OBJS = $(abspath $(BUILD))/nginx

# What the add-on script finds in the tree; configured again when a file comes or goes.
MODULE_SRC = $(sort $(PROTO) $(wildcard ngx_module/*.c ngx_module/*/*.c))

.PHONY: FORCE

# Whatever was made with other flags is made again.
FLAGS = $(CC) $(CLANG) $(WARN) $(HARDEN) $(CFLAGS) $(LDFLAGS) $(SAN) $(TSAN) $(FUZZ_SAN)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@

$(BUILD)/module.sources: FORCE
	@mkdir -p $(@D)
	@echo $(MODULE_SRC) | cmp -s - $@ || echo $(MODULE_SRC) > $@

$(NGX_OBJS)/Makefile: config $(BUILD)/module.sources $(BUILD)/flags
	@mkdir -p $(BUILD)
	cd $(NGINX_SRC) && bash -c '. ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" --with-cc="$(CC)" \
	    --with-cc-opt="$(HARDEN:-fPIE=-fPIC) $(CFLAGS)" --with-ld-opt="-fPIC -Wl,-z,relro,-z,now $(LDFLAGS)" \
	    --add-dynamic-module=$(CURDIR) --builddir=$(NGX_OBJS)' > $(NGX_OBJS).log \
	    || { cat $(NGX_OBJS).log >&2; exit 1; }

# The page and the reference, which are part of the module.
WEB = $(wildcard web/* $(BUILD)/swagger/*)
$(NGX_OBJS)/platen_web.h: $(NGX_OBJS)/Makefile $(WEB)
	web/embed $(NGX_OBJS) $(BUILD)/swagger

$(MODULE): $(NGX_OBJS)/Makefile $(NGX_OBJS)/platen_web.h $(MODULE_SRC) $(HEADERS) conf/openapi.json
	cd $(NGINX_SRC) && $(MAKE) -s -f $(NGX_OBJS)/Makefile modules
	install $(NGX_OBJS)/ngx_http_platen_module.so $@ # a new file: the old one may be loaded

# The objects of a list; and what all programs choose from, each with its include path.
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
OURS    = $(BUILD)/obj/libsidecar.a $(BUILD)/obj/libproto.a
LINK    = $(CC) $(CFLAGS) -pie -Wl,--as-needed,--gc-sections,-z,relro,-z,now -o $@ $(filter-out %/flags,$^)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(WARN) $(HARDEN) $(CFLAGS) $(INC) $(DEPS) -c -o $@ $<

# Files of several rooms have the same name: so no `ar r`.
$(BUILD)/obj/libproto.a: $(call objects,$(PROTO))
$(BUILD)/obj/libsidecar.a: $(call objects,$(SIDECAR))
$(OURS):
	rm -f $@ && ar qcs $@ $^

$(PLATEND): $(call objects,sidecar/platend.c) $(OURS)
	$(LINK) $(SIDELIB) $(LIBS)

$(CTL_BIN): $(call objects,$(CTL)) $(OURS)
	$(LINK) $(SIDELIB) $(LIBS) -ldl

$(CLI_BIN): $(call objects,$(CLI)) $(BUILD)/obj/libproto.a
	$(LINK) -lcurl -ljansson -lcrypto -lpthread

comma      = ,
# What LibreOffice's libraries are to find here before their own; the C library's are found anyway.
LOK_EXPORT = $(addprefix -Wl$(comma)--export-dynamic-symbol=, \
             _ZN9salhelper5Timer5startEv _ZN9salhelper5Timer4stopEv \
             _ZNK9salhelper5Timer9isTickingEv _ZN9salhelper5TimerD2Ev \
             osl_openFile osl_copyFile osl_loadModule FcCharSetAddChar hb_buffer_add_utf16)

$(BUILD)/platen-lok: $(call objects,$(LOK)) $(OURS)
	$(LINK) $(LOK_EXPORT) -lzip -lexpat -lseccomp -ldl

$(BUILD)/platen-docx: $(call objects,$(DOCX)) $(OURS)
	$(LINK) -lzip -lexpat

$(BUILD)/platen-soffice.so: $(SOFFICE) sidecar/lok/links.h proto/base/utf8.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(WARN) $(HARDEN:-fPIE=-fPIC) $(CFLAGS) $(INC) -shared -Wl,-z,relro,-z,now -o $@ $(SOFFICE) -ldl

$(BUILD)/platen-tables: $(call objects,$(TABLES)) $(OURS)
	$(LINK) -lxlsxwriter -lyajl -lzip -lexpat -lm -ldl

$(BUILD)/platen-text: $(call objects,$(TEXT)) $(OURS)
	$(LINK) -luchardet -lzip

$(BUILD)/platen-zip: $(call objects,$(ZIP)) $(OURS)
	$(LINK) -lzip -ljansson -lcrypto

$(BUILD)/platen-webhook: $(call objects,$(DELIVER)) $(OURS)
	$(LINK) -lcurl -ljansson -llmdb -lcrypto

$(BUILD)/platen-otlp: $(call objects,$(OTLP)) $(OURS)
	$(LINK) -lcurl -ljansson

$(BUILD)/platen-mupdf.js: sidecar/mupdf/platen_mupdf.js
	install -Dm644 $< $@

$(BUILD)/platen-pandoc.lua: sidecar/pandoc/platen_pandoc.lua
	install -Dm644 $< $@

$(BUILD)/man/platenctl.8: docs/man/platenctl.8 docs/man/make-page $(CTL_BIN)
	@mkdir -p $(@D)
	docs/man/make-page platenctl $(CTL_BIN) > $@.new && mv $@.new $@

$(BUILD)/man/platend.cfg.5: conf/platend.cfg docs/man/make-page
	@mkdir -p $(@D)
	docs/man/make-page platend.cfg > $@.new && mv $@.new $@

$(BUILD)/man/ngx_http_platen_module.5: docs/directives.md docs/man/make-page
	@mkdir -p $(@D)
	docs/man/make-page directives > $@.new && mv $@.new $@

$(BUILD)/man/%: docs/man/%
	install -Dm644 $< $@

screenshots: all
	PLATEN_SHOTS=$(CURDIR)/docs/images PLATEN_BUILD=$(abspath $(BUILD)) t/run t/browser/page.t

# Swagger UI, for the reference at /docs: from the npm registry, as Debian has none.
swagger: $(BUILD)/swagger/swagger-ui-bundle.js

$(BUILD)/swagger/swagger-ui-bundle.js: web/fetch-swagger
	web/fetch-swagger $(BUILD)/swagger

# DuckDB's library, for Parquet: from the npm registry, as Debian has none.
duckdb: $(BUILD)/duckdb/libduckdb.so

$(BUILD)/duckdb/libduckdb.so: sidecar/tables/fetch-duckdb
	sidecar/tables/fetch-duckdb $(BUILD)/duckdb

# Unit tests: one program to a file of t/unit, all with sanitizers.
SAN      = -Og -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
UNITS    = $(patsubst t/unit/%.c,$(BUILD)/unit/%,$(wildcard t/unit/test_*.c))
UNIT_SRC = $(PROTO) $(PLAIN) $(SIDECAR) sidecar/lok/cells.c sidecar/lok/narrow.c $(filter-out %/main.c,$(CLI)) \
           $(filter-out %/main.c,$(DOCX) $(TABLES) $(TEXT) $(DELIVER) $(CTL))
UNIT_OBJ = $(patsubst %.c,$(BUILD)/san/%.o,$(sort $(UNIT_SRC)))

$(BUILD)/san/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(WARN) $(SAN) $(INC) $(DEPS) -c -o $@ $<

$(BUILD)/san/libplaten.a: $(UNIT_OBJ) Makefile
	rm -f $@ && ar qcs $@ $(UNIT_OBJ) # files of several rooms have the same name

$(BUILD)/unit/%: $(BUILD)/san/t/unit/%.o $(BUILD)/san/libplaten.a
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ -lcmocka $(SIDELIB) -lwslay -lzip -lcurl -lxlsxwriter -lyajl -lexpat -lm -ldl $(LIBS)

# Real documents beside the checkout; without them their test is not run.
PLATEN_CORPUS ?= $(wildcard $(abspath ../shared/corpus))
export PLATEN_CORPUS
RUN_UNITS = $(if $(PLATEN_CORPUS),$(UNITS),$(filter-out %_corpus,$(UNITS)))

units: $(UNITS)

list-units:
	@echo $(RUN_UNITS)

unit: units
	t/run --log $(BUILD)/log-unit $(RUN_UNITS)

# The zygote held as platend would hold it.
$(BUILD)/lok_driver: $(call objects,t/lok_driver.c sidecar/lok/heap.c sidecar/lok/leave.c) $(OURS)
	$(LINK) -lseccomp

# Code that is taken over, inside the sandbox of each engine.
$(BUILD)/prisoner: $(call objects,t/prisoner.c) $(OURS)
	$(LINK) $(SIDELIB) $(LIBS) -lpthread

.PHONY: prisoner
prisoner: $(BUILD)/prisoner
	$(BUILD)/prisoner --full

# What t/fault and t/convert/cache.t do to a store, and to the calls of nginx and platend.
$(BUILD)/store_driver: $(call objects,t/store_driver.c) $(OURS)
	$(LINK) $(LIBS)

$(BUILD)/fault_readers: t/fault/readers.c
	$(CC) $(WARN) $(CFLAGS) -o $@ $< -llmdb

$(BUILD)/fault_points: t/fault/points.c proto/base/crash.c proto/base/crash.h
	$(CC) $(WARN) $(CFLAGS) $(INC) -o $@ $(filter %.c,$^)

# An engine that does what the document tells it; static, to need nothing of the machine.
$(BUILD)/fault_engine: t/fault/engine.c
	$(CC) $(WARN) $(CFLAGS) -static -o $@ $<

$(BUILD)/fault_%.so: t/fault/%.c
	$(CC) $(WARN) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

# It calls LMDB's own functions, which nginx has only with the module.
$(BUILD)/fault_within.so: t/fault/within.c
	$(CC) $(WARN) $(CFLAGS) -shared -fPIC -o $@ $< -ldl -Wl,--no-as-needed -llmdb

FAULT_TOOLS = $(addprefix $(BUILD)/,ssim store_driver fault_readers fault_points fault_errors.so fault_record.so fault_within.so fault_engine)

fault-tools: $(FAULT_TOOLS)

# Fuzzers: libFuzzer, seeded with t/fuzz/corpus.
FUZZ_SECONDS ?= 10
FUZZERS = $(patsubst t/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard t/fuzz/fuzz_*.c))

FUZZED = $(PROTO) $(PLAIN) sidecar/office/wire.c $(DOCX) $(addprefix sidecar/lok/, \
         cells.c chunks.c embed.c functions.c package.c part.c pages.c sheets.c tag.c) \
         $(addprefix sidecar/text/,book.c columns.c hide.c page.c style.c wide.c) \
         $(addprefix sidecar/tables/,book.c buffer.c column.c csv.c from_xlsx.c json.c names.c \
         serial.c spool.c text.c) sidecar/engine/warning.c

# Each source once: the fuzzers link one archive.
FUZZ_SAN = -O1 -g -fno-sanitize-recover=all -fsanitize=address,undefined

$(BUILD)/fuzzed/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CLANG) $(WARN) $(FUZZ_SAN),fuzzer-no-link $(INC) $(DEPS) -c -o $@ $<

$(BUILD)/fuzzed/libplaten.a: $(patsubst %.c,$(BUILD)/fuzzed/%.o,$(FUZZED))
	rm -f $@ && ar qcs $@ $^ # files of several rooms have the same name

$(BUILD)/fuzz/%: $(BUILD)/fuzzed/t/fuzz/%.o $(BUILD)/fuzzed/libplaten.a
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_SAN),fuzzer -o $@ $^ -lwslay -lyajl -lzip -lz -lexpat -lm $(LIBS)

fuzzers: $(FUZZERS)

fuzz: fuzzers
	FUZZ_SECONDS=$(FUZZ_SECONDS) t/run -j $$(nproc) --log $(BUILD)/log-fuzz $(patsubst $(BUILD)/fuzz/fuzz_%,@fuzz/%,$(FUZZERS))

# What tests find beside the module and platend, wherever those are.
BESIDE = $(LIBEXEC) $(CTL_BIN) $(CLI_BIN) $(FAULT_TOOLS) $(BUILD)/lok_driver $(BUILD)/prisoner

# The installed version of nginx with the module, and platend, with sanitizers: t/run @sanitized/t/x.t
sanitized: $(BUILD)/sanitized/sidecar/platend $(BESIDE) $(BUILD)/module.sources
	+t/sanitized/build $(abspath $(BUILD))/sanitized
	ln -sf $(abspath $(BESIDE)) $(BUILD)/sanitized/sidecar

$(BUILD)/sanitized/sidecar/platend: $(patsubst %.c,$(BUILD)/san/%.o,$(PROTO) $(SIDECAR) sidecar/platend.c)
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $(SIDELIB) $(LIBS)

# The same with ThreadSanitizer: t/run @threads/t/x.t
TSAN = -O1 -g -fno-omit-frame-pointer -fsanitize=thread

threads: $(BUILD)/threads/test_sniff $(PLATEND) $(BESIDE) $(BUILD)/module.sources
	+t/sanitized/build $(abspath $(BUILD))/threads thread
	ln -sf $(abspath $(PLATEND) $(BESIDE)) $(BUILD)/threads/sidecar

$(BUILD)/threads/%: t/unit/%.c proto/format/sniff.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(WARN) $(TSAN) $(INC) -It/unit -o $@ $(filter %.c,$^) $(filter-out proto/format/sniff.c,$(PROTO)) -lcmocka $(SIDELIB) $(LIBS)

# The module as a part of nginx (--add-module): t/run @static/t/x.t
static: $(PLATEND) $(BESIDE) $(BUILD)/module.sources
	+t/sanitized/build $(abspath $(BUILD))/static static
	ln -sf $(abspath $(PLATEND) $(BESIDE)) $(BUILD)/static/sidecar

analyze: module
	t/analyze

# Leaks count where nothing points at them any more.
VALGRIND_UNITS = backup codec docx hide layout lok_cells lok_package multipart multipart_header \
                 receive seal store store_batch store_check store_hook store_initiated \
                 store_upload tables_csv uno zip zip_check

valgrind:
	$(MAKE) BUILD=$(BUILD)/plain SAN='-O1 -g' $(VALGRIND_UNITS:%=$(BUILD)/plain/unit/test_%)
	@set -e; for unit in $(VALGRIND_UNITS); do \
	    echo "valgrind: $$unit"; \
	    valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9 \
	        $(BUILD)/plain/unit/test_$$unit > $(BUILD)/plain/said 2>&1 || { cat $(BUILD)/plain/said; exit 1; }; \
	done

coverage:
	$(MAKE) BUILD=$(BUILD)/coverage HARDEN=-fPIE SAN='-O0 -g --coverage' CFLAGS='-O0 -g --coverage' \
	    LDFLAGS=--coverage all units fault-tools
	t/coverage

# Random SIGKILLs under load; KILLS=100000 is the long form.
KILLS ?= 1000

soak: all fault-tools
	t/fault/soak --kills $(KILLS)

# Clients at random against a model of the API; WALK_S=36000 is a night's form.
WALK_S ?= 300

walk: all fault-tools
	t/walk --seconds $(WALK_S) $(if $(WALK_SEED),--seed $(WALK_SEED))

# Pages, words and looks, in a table; what differs is in build/fidelity, side by side.
fidelity: all $(BUILD)/ssim
	t/fidelity

$(BUILD)/ssim: t/ssim.c
	@mkdir -p $(@D)
	$(CC) $(WARN) $(CFLAGS) -o $@ $<

# Each with a seed of its own, printed where something is lost.
WORDS ?= 2000

words: all
	t/words --steps $(WORDS) $(if $(WORDS_SEED),--seed $(WORDS_SEED))

# The tables of t/http/sizes.t and t/http/sizes_in.t with one size, by the ways of sending that differ most.
LARGE_SIZE ?= 1073741824

sizes-large: all
	PLATEN_SIZES=$(LARGE_SIZE) t/run t/http/sizes.t t/http/sizes_in.t

check:
	./check

check-fast:
	./check --fast

check-long:
	./check --long

DIST ?= trixie

distro:
	t/distro $(DIST)

distro-short:
	t/distro-short $(DIST)

packages:
	$(if $(filter-out $(shell dpkg --print-architecture),$(ARCH)),t/crossed $(DIST) $(ARCH),t/distro $(DIST) --packages)

machine:
	t/machine $(DIST)

booted:
	t/booted $(DIST)

upgraded:
	t/upgraded bookworm $(DIST)

images:
	t/images

arm64:
	t/arm64

manifest:
	t/manifest

# What bench/run needs beside the programs.
BENCH_TOOLS := $(addprefix $(BUILD)/,costs durable.so lok_inproc sse_crowd)

bench-tools: $(BENCH_TOOLS)

bench: all bench-tools
	debian/install-packages bench peers
	bench/run --report bench

bench-quick: all bench-tools
	debian/install-packages bench peers
	bench/run --quick

# Two builds: make bench-compare A=build B=../old/build
bench-compare: bench-tools
	debian/install-packages bench
	bench/run --build $(A) --compare $(B)

# Results of TURNS_SIZE bytes, a batch of TURNS_FILES and TURNS_UPLOADS uploads at once.
TURNS_SIZE    ?= 1073741824
TURNS_FILES   ?= 10000
TURNS_UPLOADS ?= 200

turns: all
	bench/turns --size $(TURNS_SIZE) --files $(TURNS_FILES) --uploads $(TURNS_UPLOADS)

# Many subscribers in one process.
$(BUILD)/sse_crowd: bench/sse_crowd.c
	@mkdir -p $(@D)
	$(CC) $(WARN) $(HARDEN) $(CFLAGS) -pie -o $@ $<

# What a page fault, a fork, an fsync and a digest cost here.
$(BUILD)/costs: bench/costs.c
	@mkdir -p $(@D)
	$(CC) $(WARN) $(HARDEN) $(CFLAGS) -pie -o $@ $< -lcrypto

# A dav PUT that is on the disk before its answer.
$(BUILD)/durable.so: bench/peers/durable.c
	@mkdir -p $(@D)
	$(CC) $(WARN) $(HARDEN) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

# LibreOfficeKit in one process, to compare with.
$(BUILD)/lok_inproc: bench/lok_inproc.c
	@mkdir -p $(@D)
	$(CC) $(WARN) $(HARDEN) $(CFLAGS) -pie -o $@ $< -ldl

install: all
	install -Dm644 $(MODULE) $(DESTDIR)$(MODULES_DIR)/ngx_http_platen_module.so
	install -Dm755 -t $(DESTDIR)$(SBINDIR) $(PLATEND) $(CTL_BIN)
	install -Dm755 -t $(DESTDIR)$(BINDIR) $(CLI_BIN)
	install -Dm755 -t $(DESTDIR)$(LIBEXECDIR) $(filter-out %.lua %.so,$(LIBEXEC))
	install -Dm644 -t $(DESTDIR)$(LIBEXECDIR) $(filter %.lua %.so,$(LIBEXEC))
	install -Dm644 -t $(DESTDIR)/usr/share/platen conf/openapi.json conf/alerts.yml conf/grafana.json
	install -Dm644 -t $(DESTDIR)$(COMPLETIONS) conf/completion/platen conf/completion/platenctl
	install -Dm644 -t $(DESTDIR)$(ZSH_COMPLETIONS) conf/completion/_platen conf/completion/_platenctl
	set -e; for page in $(PAGES); do \
	    install -Dm644 -t $(DESTDIR)$(MANDIR)/man$${page##*.} $(BUILD)/man/$$page; \
	done
	install -Dm755 -t $(DESTDIR)$(LIBEXECDIR) conf/setup
	install -Dm644 -t $(DESTDIR)$(UNITDIR) conf/systemd/platen-nginx.service
	sed 's/=www-data$$/=platen/' debian/platend.service > $(DESTDIR)$(UNITDIR)/platend.service
	@[ -e $(DESTDIR)$(LOGROTATE) ] || install -Dm644 conf/logrotate $(DESTDIR)$(LOGROTATE)
	@set -e; for file in nginx.conf platend.cfg; do \
	    to=$(DESTDIR)$(SYSCONFDIR)/$$file; \
	    if [ -e $$to ] && ! cmp -s conf/$$file $$to; then \
	        install -m644 conf/$$file $$to.new; \
	        echo "$$to stays as it is; this version's is $$to.new"; \
	    else \
	        install -Dm644 conf/$$file $$to; rm -f $$to.new; \
	    fi; \
	done
ifeq ($(DESTDIR),)
	@[ "$$(id -u)" != 0 ] || { $(LIBEXECDIR)/setup \
	    && echo "Now: systemctl daemon-reload; systemctl enable --now platend platen-nginx" \
	    && echo "The first client's key is in $(SYSCONFDIR)/first-key."; }
endif

# What install has put there; a configuration that was edited stays, and so does all data.
uninstall:
	rm -f $(DESTDIR)$(MODULES_DIR)/ngx_http_platen_module.so
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,$(notdir $(PLATEND) $(CTL_BIN))) $(DESTDIR)$(BINDIR)/platen
	rm -f $(addprefix $(DESTDIR)$(LIBEXECDIR)/,$(notdir $(LIBEXEC)) setup)
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,platend.service platen-nginx.service)
	@! cmp -s conf/logrotate $(DESTDIR)$(LOGROTATE) || rm -f $(DESTDIR)$(LOGROTATE)
	rm -f $(addprefix $(DESTDIR)/usr/share/platen/,openapi.json alerts.yml grafana.json)
	rm -f $(addprefix $(DESTDIR)$(ZSH_COMPLETIONS)/,_platen _platenctl)
	rm -f $(addprefix $(DESTDIR)$(COMPLETIONS)/,platen platenctl) $(addprefix $(DESTDIR)$(MANDIR)/man?/,$(PAGES))
	@for file in nginx.conf platend.cfg; do \
	    to=$(DESTDIR)$(SYSCONFDIR)/$$file; \
	    rm -f $$to.new; \
	    if [ -e $$to ] && cmp -s conf/$$file $$to; then rm -f $$to; \
	    elif [ -e $$to ]; then echo "$$to was edited and stays"; fi; \
	done
	-@rmdir $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)/usr/share/platen $(DESTDIR)$(SYSCONFDIR) 2> /dev/null || true

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj $(BUILD)/san $(BUILD)/fuzzed -name '*.d' 2>/dev/null)

.PHONY: swagger screenshots distro distro-short packages machine booted upgraded images arm64 manifest all module sidecar ctl lok libexec man duckdb units list-units unit fault-tools soak walk fidelity words sizes-large fuzzers fuzz sanitized threads check check-fast check-long bench bench-quick bench-compare bench-tools turns install static uninstall clean analyze valgrind coverage
# Kept, as intermediate files; .SECONDARY of all would not make what is new in a list.
.PRECIOUS: %.o
