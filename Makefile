# Every chore of the project. On a fresh machine with Python >= 3.11, `make test` and `make demo`
# do all the set-up by themselves.

PYTHON ?= python3
export PYTHON

.PHONY: help venv test test-long mutants demo bench messages docs docs-site man dist clean

help:
	@echo "make venv       .venv with interop and its tools (done by the others when needed)"
	@echo "make test       everything CI checks"
	@echo "make test-long  the long campaigns too"
	@echo "make mutants    the breaks that no test notices (ONLY='taxes code' for some)"
	@echo "make demo       a tour of the tool on sample data"
	@echo "make bench      the figures of the README"
	@echo "make messages   update the French catalogue from the code"
	@echo "make docs       update the generated parts of the documentation"
	@echo "make docs-site  build the documentation as a site in build/site"
	@echo "make man        write the man pages from the commands"
	@echo "make dist       a wheel and an sdist in dist/, checked and reproducible"

venv: .venv/stamp

.venv/stamp: setup.cfg pyproject.toml scripts/venv
	scripts/venv

test: venv
	scripts/check

test-long: venv
	scripts/check --long

mutants: venv
	.venv/bin/python scripts/mutants $(ONLY)

demo: venv
	scripts/demo

bench: venv
	.venv/bin/python -m benchmarks

messages: venv
	.venv/bin/python scripts/messages

docs: venv
	.venv/bin/python scripts/docs

docs-site: venv
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict --quiet

man: venv
	.venv/bin/python scripts/man

dist: venv
	.venv/bin/python scripts/dist

clean:
	rm -rf .venv build dist *.egg-info
