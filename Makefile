# Two commands matter: make demo and make test. The rest of the logic is in setup.py, tests/ and bench/.

PYTHON ?= python3
GO_PACKAGES = ./gorandom/... ./pyext/... ./tests/...
TOOLS = $(PYTHON) tests/tools.py
PIP = build/venv/bin/python -m pip -q --disable-pip-version-check
RUFF = ruff==0.17.6
STRESS ?= 10
FREE = $(or $(GORANDOM_INTERPRETERS),build/interpreters)/free/bin/python3

WHEELS ?= wheels/dist

MINUTES ?= 60
BENCH_FLAGS = $(if $(QUICK),--quick) $(if $(ONLY),--only '$(ONLY)')

# The files that a wheel is made from, without those that builds and generators write there.
SOURCES := $(shell find gorandom pyext python -type f -not -path '*/_gen/*' -not -name '*.pyc' -not -path '*.egg-info/*') \
	go.mod go.sum setup.py pyproject.toml README.md LICENSE LICENSE.Go

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.* \#\# .*/\1/p' Makefile)

help: ## lists these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' Makefile

demo: build/venv/installed ## builds, installs into build/venv, and shows what the package is for
	@build/venv/bin/python examples/demo.py

test: check-generated test-go test-python examples ## everything that has to pass

test-go: ## go vet, and the Go tests under the race detector
	$(TOOLS) go vet $(GO_PACKAGES)
	$(TOOLS) cross
	$(TOOLS) test $(GO_PACKAGES)
	$(TOOLS) wycheproof

test-python: build/wheel build/pure/wheel build/vectors/hmac.json ## tests/python against the installed wheel, on every CPython >= 3.11 of this machine; a part also against the wheel in pure Python
	$(PYTHON) tests/run.py --wheel wheels/gorandom-*.whl
	$(PYTHON) tests/run.py --wheel build/pure/gorandom-*.whl

test-pure: build/pure/wheel ## all of tests/python against the wheel in pure Python; tests that need native code are skipped and say so
	$(PYTHON) tests/run.py --wheel build/pure/gorandom-*.whl tests/python

adversity: build/wheel ## tests/adversity: faults, limits, credentials, secrets in memory (10 minutes; make test runs the fast ones)
	$(PYTHON) tests/run.py --wheel wheels/gorandom-*.whl --adversity --durations 10

examples: build/venv/installed ## runs the examples; each checks itself
	build/venv/bin/python examples/demo.py
	@for e in drop_in pool fill_buffer wait_at_boot pep522_loop pep522_fall_back pep522_read_device \
		signing; do \
		echo build/venv/bin/python examples/$$e.py; build/venv/bin/python examples/$$e.py || exit 1; done

wheel: build/wheel ## builds the wheel for this machine, into wheels/
	@ls wheels/gorandom-*.whl

wheels: ## builds and checks the sdist and the wheels of a release, from the last commit, into wheels/dist
	@$(PYTHON) wheels/make.py $(TARGETS)

verify-wheel: ## WHEEL=file [SDIST=file]: rebuilds a published wheel from its sdist, and compares them byte for byte
	@[ -n "$(WHEEL)" ] || { echo "make verify-wheel WHEEL=FILE [SDIST=FILE]"; exit 2; }
	@$(PYTHON) wheels/make.py --verify "$(WHEEL)" $(if $(SDIST),--sdist "$(SDIST)")

check-package: ## checks what make wheels made, and the project's files, with twine, pyroma, reuse, zizmor and others
	@$(PYTHON) wheels/package.py

release-rehearsal: ## VERSION=X.Y.ZrcN: makes a whole release, to an index on this machine, and tries it from there
	@[ -n "$(VERSION)" ] || { echo "make release-rehearsal VERSION=0.1.0rc1 [TARGETS=...]"; exit 2; }
	@$(PYTHON) wheels/rehearse.py "$(VERSION)" $(TARGETS)

tag-message: ## prints the message of a release's signed tag: the hashes of all files that make wheels has made
	@$(PYTHON) wheels/tag.py

audit: ## asks databases on the network for known vulnerabilities in what is compiled in and in the tools for builds and tests
	@$(PYTHON) wheels/audit.py

free-threaded: build/free/wheel ## tests/python on a CPython without a GIL, which is built first (4 minutes, on Debian)
	$(PYTHON) tests/run.py --wheel build/free/gorandom-*.whl --python $(FREE)

sanitize: build/wheel ## tests of the C front under AddressSanitizer and UBSan; the interpreter is built first (4 minutes; QUICK=1: some tests, with this machine's interpreter)
	$(PYTHON) tests/sanitize.py $(if $(QUICK),quick,address) --wheel wheels/gorandom-*.whl

tsan: build/free/wheel build/venv/bin/python ## tests of threads under ThreadSanitizer, without a GIL (PYTHON_TSAN=PROGRAM: the interpreter, which is otherwise built first)
	$(PYTHON) tests/sanitize.py thread --wheel build/free/gorandom-*.whl $(if $(PYTHON_TSAN),--python '$(PYTHON_TSAN)')

bench: build/wheel $(if $(wildcard $(dir $(FREE))../complete),build/free/wheel) ## measures every bar beside the peers (about 10 minutes; QUICK=1: 3; ONLY=PATTERN: some; ROOT=trixie or a folder: in that system, as root)
	$(PYTHON) bench/run.py --wheel wheels/gorandom-*.whl $(BENCH_FLAGS) $(if $(ROOT),--root '$(ROOT)')

bench-readme: ## measures everything here and in Debian 13, and rewrites the plots and the tables of docs/benchmarks.md and README, with a column for each system (as root, on a quiet machine)
	$(MAKE) bench
	$(MAKE) bench ROOT=trixie
	$(MAKE) bench-plots
	$(PYTHON) bench/report.py --readme

bench-plots: ## makes bench/plots/*.png and the tables again, from what make bench has measured
	$(PYTHON) bench/plots.py
	$(PYTHON) bench/report.py

bench-compare: build/wheel ## REF=revision: compares this tree with another revision, with confidence intervals
	@[ -n "$(REF)" ] || { echo "make bench-compare REF=revision"; exit 2; }
	$(PYTHON) bench/compare.py --wheel wheels/gorandom-*.whl $(BENCH_FLAGS) "$(REF)"

bench-go: ## all benchmarks of the Go code: go test -bench with benchstat
	bench/go.sh

wheel-roots: $(if $(SUITE),build/vectors/hmac.json) ## as root: installs and tries wheels/dist (or WHEELS=FOLDER) in other systems, made with debootstrap (SUITE=1: all tests, too)
	@ls $(WHEELS)/*.whl >/dev/null 2>&1 || $(MAKE) wheel
	$(PYTHON) wheels/roots.py --wheels "$$(ls $(WHEELS)/*.whl >/dev/null 2>&1 && echo $(WHEELS) || echo wheels)" \
		$(if $(ONLY),--only '$(ONLY)') $(if $(SUITE),--suite)

.PHONY: platforms test-pure
platforms: ## as root: tries the package under Wine, on PyPy, GraalPy, other processors and newer CPythons; writes docs/platforms.md (takes long; ONLY=PATTERN: some)
	@ls wheels/dist/*.whl >/dev/null 2>&1 || $(MAKE) wheels TARGETS="any manylinux_2_17_x86_64"
	$(PYTHON) wheels/platforms.py $(if $(ONLY),--only '$(ONLY)')

freeze-test: build/wheel ## packs a program with PyInstaller, cx_Freeze, Nuitka, shiv, pex and zipapp, and runs it (10 minutes; ONLY=WORD: some)
	$(PYTHON) tests/freeze/freeze.py --wheel wheels/gorandom-*.whl $(if $(ONLY),--only '$(ONLY)')

consttime: ## does compare_digest's time reveal anything? A t-test over a million measurements (half a minute)
	$(PYTHON) bench/consttime.py

.PHONY: fuzz prove
fuzz: MINUTES = 5
fuzz: build/wheel ## for MINUTES (5), inputs to each parser and each C entry that takes bytes, guided by coverage (needs clang; ONLY=WORD: some; KEEP=1: keeps the best inputs)
	$(PYTHON) tests/fuzz/fuzz.py --wheel wheels/gorandom-*.whl --minutes $(MINUTES) $(if $(ONLY),--only '$(ONLY)') $(if $(KEEP),--keep)

prove: ## proves with Frama-C that no input in the stated ranges causes undefined behaviour in pyext/front/pure (needs frama-c)
	$(PYTHON) tests/framac/prove.py

stress: build/wheel ## the fork tests with STRESS (10) times as many forks, about 50,000
	GORANDOM_STRESS=$(STRESS) $(PYTHON) tests/run.py --wheel wheels/gorandom-*.whl tests/python/test_forks.py tests/python/test_clone.py tests/python/test_reentrancy.py

mutants: build/venv/tests ## breaks the code with each patch of tests/mutants: does its test notice? (ONLY=PATTERN: some; SAMPLE=WORD SECONDS=N)
	$(PYTHON) tests/mutants/run.py $(if $(ONLY),--only '$(ONLY)') $(if $(SAMPLE),--sample '$(SAMPLE)') $(if $(SECONDS),--seconds $(SECONDS))

soak: soak-load soak-statistics ## MINUTES (60) of everything at once, then all statistics, about 2 hours more

soak-load: build/venv/soak ## threads, forks, reseeds, seed files and keys together for MINUTES (60): memory's slope, latencies
	build/venv/bin/python -B tests/adversity/soak.py --minutes $(MINUTES)

soak-statistics: build/venv/soak ## ent and rngtest on 1 GiB of each stream, and dieharder -a
	GORANDOM_STATISTICS=whole build/venv/bin/python -B -P -m pytest -p no:cacheprovider tests/adversity/test_statistics.py

boot-test: build/venv/installed ## an emulated machine whose kernel's generator is not seeded (QEMU; about 1 minute)
	build/venv/bin/python -B tests/boot/boot.py

clone-test: build/venv/installed ## a machine saved once and restored twice (QEMU; about 2 minutes; vmclock needs ROOT=FOLDER with Debian's forky)
	build/venv/bin/python -B tests/boot/clone.py $(if $(ROOT),--root '$(ROOT)')

gvisor-test: build/venv/tests ## as root: tests that need no core, inside gVisor, whose runsc is built first (10 minutes; later runs 3)
	build/venv/bin/python -B tests/gvisor.py

model: ## the models of the fork protocol, exhaustively, with SPIN; and what goes wrong without each guard (docs/model.md; ONLY=WORD: some)
	@$(PYTHON) tests/model/run.py $(if $(ONLY),--only '$(ONLY)')

coverage: build/wheel build/pure/wheel ## finds lines and branches that no test runs, in Go, Python and C (ADD='tests/python/test_x.py …': adds these tests to the last run)
	nice $(PYTHON) tests/covered.py --wheel wheels/gorandom-*.whl --pure build/pure/gorandom-*.whl $(if $(ADD),--add $(ADD))

go-releases: ## builds with each Go from the oldest that works to the newest candidate, and runs the fork tests (5 minutes each; ONLY='1.26.4 …')
	$(PYTHON) tests/go_releases.py $(ONLY)

lint: build/venv/bin/python ## gofmt -s, go vet, ruff, and checks of the tables in Markdown files and of the length of sentences
	$(TOOLS) gofmt
	$(TOOLS) tables
	$(PYTHON) tests/prose.py
	$(PYTHON) tests/floors.py
	$(TOOLS) go vet $(GO_PACKAGES)
	$(PIP) install $(RUFF)
	build/venv/bin/python -m ruff check --no-cache --select E4,E7,E9,F,I --line-length 120 --exclude examples/cve_2013_1445.py pyext python tests examples bench wheels docs setup.py
	build/venv/bin/python -m ruff check --no-cache --line-length 120 --select D --ignore D1,D203,D213 python/gorandom

docs: build/docs/installed ## the documentation as a site, into build/docs/html; warnings and broken links are errors
	build/docs/venv/bin/python -m sphinx -q -E -n -W --keep-going -d build/docs/doctrees docs build/docs/html
	@echo build/docs/html/index.html

generate: ## writes the Go assembly again, from gorandom/*/asm
	$(TOOLS) generate

check-generated: ## checks that the committed assembly is what its generators write
	$(TOOLS) check-generated

clean: ## removes what the other commands made
	rm -rf build docs/_generated pyext/_gen wheels/*.whl wheels/dist python/*.egg-info

build/vectors/hmac.json: tests/go/wycheproof/go.mod
	$(TOOLS) wycheproof

build/venv/bin/python:
	$(PYTHON) -m venv build/venv

# setuptools keeps what it finds in build/lib from before, so that is removed first.
build/wheel: $(SOURCES) | build/venv/bin/python
	@echo "Building the wheel. Where Go or a C compiler is missing, pip fetches it first: some minutes."
	@rm -rf build/lib* build/bdist* wheels/*.whl
	$(PIP) wheel --no-deps -w wheels .
	@touch $@

build/pure/wheel: $(SOURCES) | build/venv/bin/python
	@rm -rf build/lib build/bdist* build/pure
	GORANDOM_BUILD=pure $(PIP) wheel --no-deps -w build/pure .
	@touch $@

build/free/wheel: $(SOURCES)
	@rm -rf build/lib* build/bdist*
	$(PYTHON) wheels/freethreaded.py --wheel build/free
	@touch $@

build/venv/tests: build/venv/installed tests/requirements.txt
	$(PIP) install -r tests/requirements.txt
	@touch $@

build/venv/soak: build/venv/installed tests/requirements.txt tests/adversity/requirements.txt
	$(PIP) install -r tests/requirements.txt
	$(PIP) install -r tests/adversity/requirements.txt
	@touch $@

build/docs/installed: build/wheel docs/requirements.txt
	@rm -rf build/docs/venv
	$(PYTHON) -m venv build/docs/venv
	build/docs/venv/bin/python -m pip -q --disable-pip-version-check install -r docs/requirements.txt
	build/docs/venv/bin/python -m pip -q --disable-pip-version-check install --no-deps wheels/gorandom-*.whl
	@touch $@

build/venv/installed: build/wheel
	$(PIP) install --force-reinstall --no-deps wheels/gorandom-*.whl
	@touch $@
