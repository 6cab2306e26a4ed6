# contractops: what a person and the continuous integration call. Needs git, make and Python 3.11 to 3.14.
#
#   make demo                 the first run, in the browser; ARGS=--script plays the whole journey and checks it
#   make test                 every test; ARGS="tests/tools -k notice" runs some of them
#   make test-postgres        the tests that open a database, on PostgreSQL; fails when fewer pass than SQLite has
#   make chaos                three workers, killed at random beside a PostgreSQL that restarts; 3 minutes
#   make simulate             400 days of 500 contracts without vendors: who gets how many messages, and when; some minutes
#   make lint                 ruff, mypy --strict, import-linter, deptry
#   make bench                the figures; ARGS=--check fails when one is missed
#   make lock                 resolves pyproject.toml anew into the lock files; ARGS=--upgrade takes newer releases
#   make setup, make clean    only the installation; everything that can be made again

ARGS ?=
VENV_PYTHON := .venv/bin/python

# The Python of the environment when it runs, else the newest supported one that has its venv module, else any (which then says why not).
define find_python
python=; \
if $(VENV_PYTHON) -c '' 2>/dev/null; then python=$(VENV_PYTHON); else \
  for name in python3.14 python3.13 python3.12 python3.11 python3; do \
    if $$name -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then python=$$name; break; fi; \
  done; \
  if [ -z "$$python" ]; then for name in python3.14 python3.13 python3.12 python3.11 python3; do \
    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
  done; fi; \
fi; \
if [ -z "$$python" ]; then echo 'contractops cannot be installed here: no Python 3.11 to 3.14 was found.' >&2; exit 2; fi
endef

.PHONY: demo test test-postgres chaos simulate lint bench lock setup clean
.SILENT:

demo:
	$(find_python); "$$python" scripts/bootstrap.py runtime
	$(VENV_PYTHON) scripts/demo.py $(ARGS)

test:
	$(find_python); "$$python" scripts/bootstrap.py dev
	$(VENV_PYTHON) scripts/run_tests.py $(ARGS)

test-postgres:
	$(find_python); "$$python" scripts/bootstrap.py dev
	$(VENV_PYTHON) scripts/run_tests.py --postgres $(ARGS)

chaos:
	$(find_python); "$$python" scripts/bootstrap.py dev
	CONTRACTOPS_TEST_DATABASE=postgres $(VENV_PYTHON) -m pytest -s -m long tests/faults/test_chaos.py $(ARGS)

simulate:
	$(find_python); "$$python" scripts/bootstrap.py dev
	$(VENV_PYTHON) -m pytest -m long tests/operator $(ARGS)

lint:
	$(find_python); "$$python" scripts/bootstrap.py dev
	$(VENV_PYTHON) scripts/lint.py $(ARGS)

bench:
	$(find_python); "$$python" scripts/bootstrap.py dev
	$(VENV_PYTHON) scripts/bench.py $(ARGS)

lock:
	$(find_python); "$$python" scripts/lock.py $(ARGS)

setup:
	$(find_python); "$$python" scripts/bootstrap.py dev

clean:
	rm -rf .venv .lint .demo build ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
