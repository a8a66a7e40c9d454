# Everyone's entry. `make demo` and `make test` set up all they need; the rest assumes one of them has run.
.DEFAULT_GOAL := help
.PHONY: help demo test check fast bench-steering bench-node bench-herd bench-client format lock clean
V := .venv/bin

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo:  ## router, three nodes with a real Triton and a real model, Valkey: on 127.0.0.1:8080 (DEMO_PORT)
	@deploy/setup.sh run
	@exec $(V)/autorouter demo

test:  ## everything that CI runs
	@deploy/setup.sh test
	@$(MAKE) --no-print-directory check
	@$(V)/coverage erase
	@$(V)/coverage run -m pytest -q
	@$(V)/coverage combine --quiet
	@$(V)/coverage report --fail-under=95
	@$(V)/coverage report --include='*/core/*' --fail-under=100

check:  ## format, lint, types and the shape of the house
	@$(V)/ruff format --check .
	@$(V)/ruff check .
	@$(V)/lint-imports
	@$(V)/mypy

fast:  ## the tests that start no other process
	@$(V)/pytest -q tests/core tests/laws tests/wire tests/architecture tests/edges autorouter/core node_agent/core

bench-steering:  ## how well clients are steered, on real round trips
	@$(V)/python -m tests.bench.steering --count 12
	@$(V)/python -m tests.bench.steering --count 24
	@$(V)/python -m tests.bench.steering --count 12 --day0

bench-node:  ## what the agent costs beside a bare tritonclient on the same Triton
	@$(V)/python -m tests.bench.node

bench-client:  ## what our Python client adds to a call
	@$(V)/python -m tests.bench.client

bench-herd:  ## how a herd of clients with cached answers fares when regions fill up, die, come back and lie
	@$(V)/python -m tests.bench.herd

format:  ## mend what a tool can mend
	@$(V)/ruff check --fix-only --quiet . ; $(V)/ruff format --quiet .

lock:  ## pin every dependency anew, by hash, into deploy/requirements/
	@deploy/lock.sh

clean:  ## remove what was built here; the shared cache stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
