# make demo   the whole pipeline on this machine, from nothing to a promoted model and a report;
#             PROFILE=long: with the settings of profiles/long.yaml
# make test   lint, types, import contracts and tests
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Nothing is sent anywhere; Prefect keeps its run history in the project folder.
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := 1
export GX_ANALYTICS_ENABLED := false
export HF_HUB_DISABLE_TELEMETRY := 1
export MLFLOW_DISABLE_TELEMETRY := true
export PREFECT_HOME ?= $(CURDIR)/.oorl/prefect

LINT := ruff check && mypy && lint-imports
# Two files of tests at a time (most of the time is waiting for servers and imports), in this order: what
# fails fast comes first.
LANES := -n 2 --dist loadfile --no-loadscope-reorder
TESTS := $(addprefix tests/,architecture unit oracle property integration attacks e2e)

.PHONY: help demo setup system languages browser deepspeed test lint e2e ablation ui up down remote docs constraints clean

help:  ## this list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: setup  ## set up, run every stage, show the results; PROFILE=long for another of profiles/
	@mkdir -p $(PREFECT_HOME)
	@python -m flows.pipeline $(if $(PROFILE),--profile $(PROFILE))

setup: system .venv/.ready  ## system packages and .venv; quick when nothing is missing

system:
	@scripts/system.sh

languages: system  ## compilers and interpreters of all languages; `setup` has those of params.yaml
	@scripts/system.sh all

.venv/.ready: pyproject.toml constraints.txt scripts/setup.sh | system
	@scripts/setup.sh

# Beside .venv's packages: where DeepSpeed can be imported, accelerate loads it in every run.
deepspeed: .venv/deepspeed/.ready  ## DeepSpeed, for the tests of ZeRO on two CPU processes

browser: languages
	@scripts/system.sh tests

.venv/deepspeed/.ready: tests/deepspeed.txt .venv/.ready | .venv/.ray
	@rm -rf $(@D)
	@DS_BUILD_OPS=0 python -m pip install -q --no-build-isolation --no-deps --target $(@D) -r $<
	@touch $@

.venv/.kubernetes: constraints.txt .venv/.ready
	@python -m pip install -q -c constraints.txt kubernetes-validate
	@touch $@

.venv/.ray: constraints.txt .venv/.ready | .venv/.kubernetes
	@python -m pip install -q -c constraints.txt ray
	@touch $@

lint: setup  ## ruff, mypy and the import contracts
	$(LINT)

# apt and pip work side by side. The tests run even if lint complains: both results are wanted, and
# pytest's line comes last.
test:  ## lint, then all tests; the full pipeline at a small size comes last
	@$(MAKE) --no-print-directory -j2 browser deepspeed
	@status=0; { $(LINT); } || status=1; \
	python -m pytest $(TESTS) -m "not gpu" $(LANES) || status=1; exit $$status

e2e: setup  ## only the full pipeline at a small size
	python -m pytest tests/e2e -m e2e

# SEEDS="1 2 3"; SET="rl.max_steps=60 ..." for all of its experiments
ablation: setup  ## base, supervised, RL, RL + DPO, RL + GEPO over seeds: DVC experiments, table, figure
	@python -m flows.ablation $(if $(SEEDS),--seeds $(SEEDS)) $(foreach s,$(SET),--set $(s))

ui: setup  ## MLflow's pages for the runs of this folder, at http://127.0.0.1:5000
	mlflow/serve.sh

up: setup  ## Prefect's and MLflow's servers and a worker, in the background; prints the addresses
	@python -m flows.stack up

down:  ## end what `make up` started
	@python -m flows.stack down

remote:  ## where `dvc push` and `dvc pull` keep data and models: DIR=/mnt/store or DIR=s3://bucket/oorl
	@test -n "$(DIR)" || { echo "name the place: make remote DIR=/mnt/store"; exit 2; }
	@dvc remote add --quiet --force --default storage "$(DIR)"
	@echo "DVC's default remote is now $(DIR), in .dvc/config: commit it with dvc.lock."
	@echo "dvc push --run-cache brings data, models and results there; dvc pull gets them."

docs: setup  ## write docs/params.md again from the settings' definitions
	python scripts/params_doc.py > docs/params.md

constraints: setup .venv/.kubernetes .venv/.ray  ## write constraints.txt again from what is installed
	python scripts/constraints.py > constraints.txt.new && mv constraints.txt.new constraints.txt

clean:  ## delete all results and caches (not .venv)
	rm -rf data models reports .oorl .dvc/cache .dvc/tmp
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
