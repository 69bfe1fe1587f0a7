# reLove: make up · make test · make demo · make chaos · make check
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.DELETE_ON_ERROR:
.PHONY: help venv up test demo chaos hosts check style types arrows migrations deployment lock messages frontend clean

RUN := .venv/bin/python
# another lock, another stamp: the environment is brought up to date once for each requirements.txt
STAMP := .venv/ready-$(shell cksum < requirements.txt | cut -d ' ' -f 1)

help:
	@echo "make up      set up and run the whole system; Ctrl-C stops it   [PORT=8000]"
	@echo "make test    run all tests                                      [ARGS='-k outbox']"
	@echo "make demo    posts become delivered comments, without a browser [EXPORT=result.json] [JSON=1]"
	@echo "make chaos   messages leave while everything breaks at random   [MINUTES=2] [SEED=1] [JSON=1]"
	@echo "make hosts   three hosts as network namespaces, one killed, one cut off (as root, with iproute2)"
	@echo "make check   style, types, arrows between apps, migrations, deployment settings"
	@echo "make lock    write requirements.txt from requirements.in"
	@echo "make messages bring the Russian catalogue up to date and compile it"
	@echo "make frontend build what browsers are served from relove/frontend (Node 20)"
	@echo "make clean   remove .venv and caches; the data in var/ stays"

venv: $(STAMP)

$(STAMP):
	@PYTHON="$(PYTHON)" .ci/venv
	@rm -f .venv/ready-* && touch $@

up: $(STAMP)
	@exec $(RUN) manage.py up $(if $(PORT),--port $(PORT))

test: $(STAMP)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| echo "Chromium is missing, so tests in a browser cannot run: apt-get install chromium"
	@$(RUN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

demo: $(STAMP)
	@exec $(RUN) manage.py demo $(if $(EXPORT),--export "$(EXPORT)") $(if $(filter-out 0,$(JSON)),--json)

chaos: $(STAMP)
	@exec $(RUN) manage.py chaos --minutes $(or $(MINUTES),2) --seed $(or $(SEED),1) $(if $(filter-out 0,$(JSON)),--json)

hosts: $(STAMP)
	@exec $(RUN) manage.py several_hosts $(if $(filter-out 0,$(JSON)),--json)

check: style types arrows migrations deployment

style: $(STAMP)
	.venv/bin/ruff check
	.venv/bin/ruff format --check

types: $(STAMP)
	.venv/bin/mypy relove accounts_mgmt commentators diagnostics education sales

arrows: $(STAMP)
	.venv/bin/lint-imports

migrations: $(STAMP)
	$(RUN) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

deployment: $(STAMP)
	@echo "manage.py check --deploy, with production settings"
	@RELOVE_HTTPS=true RELOVE_ALLOWED_HOSTS=relove.example \
		RELOVE_SECRET_KEY="$$($(RUN) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		$(RUN) manage.py check --deploy --fail-level WARNING

messages: $(STAMP)
	@$(RUN) manage.py messages

lock: $(STAMP)
	@$(RUN) -m uv --version >/dev/null 2>&1 || $(RUN) -m pip install --quiet uv
	@$(RUN) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
		requirements.in -o requirements.txt

frontend:
	@cd relove/frontend && npm ci --ignore-scripts --no-fund --no-audit && npm run --silent build

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
