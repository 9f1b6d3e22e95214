# make demo     set up, fetch models, take in a demo life, answer three questions with citations
# make test     everything that is checked: format, lint, types, layers, tests
# make docs     make those parts of the documents anew that come from the code
# make picture  record the README's picture anew, from the command at work on the demo life
PYTHON ?= python3
VENV ?= .venv

.PHONY: demo test lint docs picture clean

demo: $(VENV)/.installed
	@$(VENV)/bin/python scripts/demo.py

test: $(VENV)/.installed-dev lint
	@$(VENV)/bin/python scripts/fetch_models.py
	$(VENV)/bin/python -m pytest -n 2 --no-loadscope-reorder

lint: $(VENV)/.installed-dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(VENV)/.installed-dev
	$(VENV)/bin/python docs/make_commands.py
	$(VENV)/bin/python docs/make_architecture.py

picture: $(VENV)/.installed-dev
	@$(VENV)/bin/python scripts/fetch_models.py
	$(VENV)/bin/python docs/make_picture.py

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) scripts/install.py $(VENV) .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	@$(PYTHON) scripts/install.py $(VENV) ".[dev]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
