# relearn: see `make help`. Written for GNU Make 3.81 (macOS) and later.

PYTHON ?= python3
CORES  ?= all
SCALE  ?= default
PORT   ?= 5000
ARGS   ?=
A      ?=
B      ?= results
OUT    ?= results/compare/index.html
STRICT ?=

ifeq (,$(findstring :$(SCALE):,:smoke:default:full:))
$(error SCALE=$(SCALE) is unknown: take smoke, default or full)
endif
# --configfile takes every value that follows it: an option has to come next
CONFIG = $(if $(filter default,$(SCALE)),,--configfile config/$(SCALE).yaml)

# Variables for the same bits on every x86-64 processor; they must be there before Python is
MODE = $(if $(STRICT),variables=$$(.venv/bin/python -m relearn.runs.strict) && env $$variables)

PIP = .venv/bin/python -m pip --disable-pip-version-check

# MLflow and its page report nothing home
export MLFLOW_DISABLE_TELEMETRY = true
export DO_NOT_TRACK = true
# A character that the terminal does not have is shown as \uXXXX: a minus lost would be another number
export PYTHONIOENCODING ?= :backslashreplace
# Snakemake cannot do without a cache; where the home may not be written to, it is kept here
ifneq (yes,$(shell test -w "$$HOME" && echo yes))
export XDG_CACHE_HOME ?= $(CURDIR)/.snakemake/cache
endif

.PHONY: help report plan costs test soak server-test slurm-test bench mutants ui compare verify reference font lock lint format clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

report: .venv/ready ## run the pipeline, print the verdicts [SCALE=smoke|default|full] [CORES=N] [STRICT=1]
	$(MODE) .venv/bin/snakemake $(CONFIG) --cores $(CORES)
	@.venv/bin/python workflow/scripts/print_verdicts.py results/claims.json results/report/index.html
	@test $(SCALE) != smoke || echo 'smoke scale: everything ran, but these verdicts mean nothing'

plan: .venv/ready ## what a build will cost: jobs, core-hours, memory, disk, wall time [SCALE=smoke|default|full]
	@.venv/bin/python workflow/scripts/print_plan.py $(CONFIG)

costs: .venv/ready ## keep what the jobs of these results took as the costs of their scale [B=results]
	@.venv/bin/python workflow/scripts/keep_costs.py "$(B)" config/costs.csv

test: lint .venv/slurm ## check the code, then run the tests [ARGS="-k perceptron"]
	.venv/bin/pytest --numprocesses auto --dist worksteal $(ARGS)

slurm-test: .venv/ready-test .venv/slurm ## builds and failures in a real Slurm on this machine (Debian, root) [ARGS="-k drained"]
	.ci/packages slurm-wlm munge slurmdbd mariadb-server-core mariadb-client-core
	SOAK=1 RUNS=$(or $(RUNS),1000) .venv/bin/pytest -v tests/slurm $(ARGS)

soak: .venv/ready-test ## the long form of the tests of faults and parsers, an hour or more [ARGS="-k kill"]
	SOAK=1 FUZZ_INPUTS=10000 .venv/bin/pytest --numprocesses auto --dist worksteal -v \
		tests/faults tests/fuzz $(ARGS)

server-test: .venv/ready-test ## track the smoke pipeline into a real MLflow server that is killed, in results/server
	-.ci/packages postgresql caddy chromium # where it may not, the tests say what is missing
	SOAK=1 .venv/bin/pytest -v tests/server $(ARGS)

bench: .venv/ready-test ## the claims of speed, measured, in results/bench [ARGS="descent_vs_loop"]
	.venv/bin/snakemake --cores $(CORES) --quiet all -- data
	.venv/bin/python -m benchmarks $(ARGS)

ui: .venv/ready ## MLflow's page over the results, on this machine only [PORT=5000]
	@case "$$MLFLOW_TRACKING_URI" in \
	http*) echo "MLFLOW_TRACKING_URI is a server, which has a page of its own: open that"; exit 0;; \
	"") test -f results/mlflow/mlflow.db || \
		{ echo "results/mlflow/mlflow.db is missing: run make report first" >&2; exit 1; };; \
	esac; \
	! $(PYTHON) -c 'import socket; socket.create_connection(("127.0.0.1", $(PORT)), 1)' 2> /dev/null || \
		{ echo "port $(PORT) is taken: make ui PORT=5001" >&2; exit 1; }; \
	MLFLOW_BACKEND_STORE_URI="$${MLFLOW_TRACKING_URI:-sqlite:///results/mlflow/mlflow.db}" \
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false exec .venv/bin/mlflow ui --workers 1 --app-name relearn \
		--default-artifact-root results/mlflow/artifacts --host 127.0.0.1 --port $(PORT)

compare: .venv/ready ## what moved from one build to another, beyond noise: A=results-of-one [B=results] [OUT=page]
	@test -n "$(A)" || { echo 'A is missing: make compare A=path/to/results' >&2; exit 1; }
	@.venv/bin/python workflow/scripts/compare.py "$(A)" "$(B)" "$(OUT)"

verify: .venv/ready ## the results against the committed reference: what differs, and which claims would change
	@.venv/bin/python workflow/scripts/verify.py reference "$(B)"

reference: .venv/ready ## write reference/ anew from results: A=results-of-a-strict-build-of-the-same-commit
	@test -n "$(A)" || { echo 'A is missing: make reference A=path/to/strict/results' >&2; exit 1; }
	@.venv/bin/python workflow/scripts/keep_reference.py "$(B)" "$(A)" reference

mutants: .venv/ready-test ## which share of small faults in data/ and runs/ the tests notice, by a sample
	.venv/bin/python tests/mutants.py run

lint: .venv/ready-test ## style, spelling, import layers, the workflow
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/snakefmt --check Snakefile workflow/rules
	.venv/bin/codespell
	.venv/bin/lint-imports --no-logo
	.venv/bin/snakemake --lint

format: .venv/ready-test ## put the code into its agreed form
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/snakefmt Snakefile workflow/rules

clean: ## remove the results; data and environment stay
	rm -rf results

distclean: clean ## remove the environment and the tools' caches too; data stays
	rm -rf .venv .screenshots .snakemake .pytest_cache .ruff_cache .import_linter_cache mutants src/relearn.egg-info

# --- the environment -----------------------------------------------------------------------------

# The stamp is written last and holds the folder's name: an environment is made afresh if it was
# left half-made, or if the folder was copied or moved (it would run the other folder's code).
ifneq (here,$(shell grep -qsxF "$$(pwd -P)" .venv/ready && echo here))
.PHONY: .venv/ready
endif

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
		{ echo '$(PYTHON) is no Python 3.11 or newer: name one, PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import os, shlex, sys; sys.exit(shlex.quote(os.getcwd()) != os.getcwd())' || \
		{ echo "$$(pwd): Snakemake cannot start jobs below spaces or quotes: move it" >&2; exit 1; }
	@if grep -qsxF "$$(pwd -P)" $@; then rm $@; else $(PYTHON) -m venv --clear .venv; fi
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@pwd -P > $@

.venv/ready-test: .venv/ready requirements-test.lock
	$(PIP) install -r requirements-test.lock
	@touch $@

# What Slurm wants beside that: for a cluster's user in the environment itself; for the tests apart
# from it, because every start of Snakemake would take longer.
.venv/ready-slurm: .venv/ready requirements-slurm.lock
	$(PIP) install -r requirements-slurm.lock
	@touch $@

.venv/slurm: .venv/ready requirements-slurm.lock
	$(PIP) install --quiet --no-deps --upgrade --target $@ -r requirements-slurm.lock
	@touch $@

# --- the pins ------------------------------------------------------------------------------------

# Present pins are kept where they still fit. torch's CUDA packages are left out: its CUDA build
# pins them by itself, its CPU build wants none.
UV = .venv/uv/bin/uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--no-annotate --no-header $(ARGS) pyproject.toml
FOREIGN = ^(nvidia|cuda|triton)|^(\#|-r)|; sys_platform == .(win32|emscripten)
HEADER = '\# Written by "make lock" from pyproject.toml: Python 3.11 to 3.14 on Linux and macOS.'

FONT = @expo-google-fonts/noto-sans-tc@0.4.3
font: .venv/ready-test ## after new Chinese characters in the prose: cut the report's font anew (needs npm)
	rm -rf .venv/font && mkdir .venv/font
	cd .venv/font && npm pack --silent $(FONT) | xargs tar xzf
	cat src/relearn/report/prose/zh-Hant/* > .venv/font/characters
	.venv/bin/pyftsubset .venv/font/package/400Regular/NotoSansTC_400Regular.ttf --flavor=woff2 \
		--text-file=.venv/font/characters --text=繁體中文 --layout-features='*' --no-hinting \
		--output-file=src/relearn/report/fonts/NotoSansTC.woff2

lock: ## pin the environment anew after a change of pyproject.toml [ARGS=--upgrade]
	@test -x $(UV) || $(PYTHON) -m venv .venv/uv
	@.venv/uv/bin/python -m pip install --quiet uv==0.13.9
	@grep -vE "$(FOREIGN)" requirements.lock > .venv/uv/run || true
	@grep -vE "$(FOREIGN)" requirements-test.lock > .venv/uv/test || true
	@grep -vE "$(FOREIGN)" requirements-slurm.lock > .venv/uv/slurm || true
	$(COMPILE) --group build -o .venv/uv/run
	@{ echo $(HEADER); echo '# Without the CUDA packages: the CUDA build of torch pins its own.'; \
		grep -vE "$(FOREIGN)" .venv/uv/run; } > .venv/uv/run.lock
	$(COMPILE) --extra test -c .venv/uv/run.lock -o .venv/uv/test
	@{ echo $(HEADER); echo '-r requirements.lock'; \
		grep -vE "$(FOREIGN)" .venv/uv/test | grep -vxFf .venv/uv/run.lock; } > .venv/uv/test.lock
	$(COMPILE) --extra slurm -c .venv/uv/run.lock -o .venv/uv/slurm
	@{ echo $(HEADER); grep -vE "$(FOREIGN)" .venv/uv/slurm | grep -vxFf .venv/uv/run.lock; } \
		> .venv/uv/slurm.lock
	@cmp -s .venv/uv/slurm.lock requirements-slurm.lock || cp .venv/uv/slurm.lock requirements-slurm.lock
	@cmp -s .venv/uv/run.lock requirements.lock || cp .venv/uv/run.lock requirements.lock
	@cmp -s .venv/uv/test.lock requirements-test.lock || cp .venv/uv/test.lock requirements-test.lock
