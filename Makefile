# `make run` and `make test` set everything up by themselves, below build/.
# What each target does is in .ci/project.py.

NEWER = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(NEWER)' 2>/dev/null && echo $$python && break; done)

.PHONY: help run test lint types unit browser lowest bench fuzz drill mutate clean
help run test lint types unit browser lowest bench fuzz drill mutate clean:
	@$(if $(PYTHON),,$(error Python 3.11 or newer is needed. Install it, or name it: make $@ PYTHON=/path/to/python3))
	@$(PYTHON) .ci/project.py $@
