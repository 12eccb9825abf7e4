# Greenlight's routines. `make run` and `make test` set up what they need, step by step, and skip what is done.
.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: help run test soak bench docs lint lock clean screenshots

help: ## list the routines
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: ## start Greenlight with demo data (GREENLIGHT_PORT, default 8050); Ctrl-C stops everything
	@tools/bootstrap.sh
	@$(PY) -m tools.prepare run
	@exec $(PY) manage.py up --demo

test: ## linters, types, import rules and every test; prints the capability table
	@tools/bootstrap.sh
	@$(PY) -m tools.prepare test
	@exec $(PY) -m tools.check

soak: ## the long tests
	@tools/bootstrap.sh
	@$(PY) -m tools.prepare test
	@exec $(PY) -m tools.check soak

bench: ## the benchmarks, one after the other, with their ratios
	@tools/bootstrap.sh
	@$(PY) -m tools.prepare bench
	@exec $(PY) -m tools.bench

lint: ## linters, types and import rules only
	@tools/bootstrap.sh
	@$(PY) -m tools.prepare lint
	@exec $(PY) -m tools.check lint

docs: ## write docs/capabilities.md and docs/reference.md anew
	@tools/bootstrap.sh
	@$(PY) -m tools.prepare lint
	@$(PY) -m tools.capabilities
	@$(PY) -m tools.reference

lock: ## resolve requirements*.in into the lock files with hashes
	@tools/bootstrap.sh
	@$(PY) -m tools.lock

screenshots: ## the gallery and every page, light and dark, into test-results/screenshots
	@tools/bootstrap.sh
	@$(PY) -m tools.prepare test
	@exec $(PY) -m tools.check screenshots

clean: ## remove what was built and what the demo stored; keeps .venv and node_modules
	rm -rf var assets/built test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
