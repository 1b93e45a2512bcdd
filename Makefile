# `make run` and `make test` set everything up by themselves, below build/.
# What each target does is in noxfile.py.

NEWER = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(NEWER)' 2>/dev/null && echo $$python && break; done)
NOX = build/nox/bin/nox
# An environment holds the path of its folder: a checkout that was moved makes all anew.
MOVED = $(if $(filter $(CURDIR),$(shell cat build/made-in 2>/dev/null)),,moved)
SESSIONS = test lint types package audit unit browser lowest bench load fuzz drill interruptions mutate docs messages pictures

# None of another environment's packages in ours; and what one process has compiled,
# others need not.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.PHONY: help run $(SESSIONS) clean moved

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' $(MAKEFILE_LIST) | expand -t 20

run: $(NOX) ## start the example application, a shop
	@$(NOX) --session run && exec build/environments/run/bin/python -m example_app

test: ## check everything: lint, documents, types, all tests on the built wheel; CI=true adds coverage
lint: ## check rules, formatting and the directions of imports
types: ## check types with mypy
package: ## build the wheel and the sdist, and check them and their types
audit: ## ask the package index for known vulnerabilities of what may be needed
unit: ## run the tests that need no browser
browser: ## run the tests in Chromium
lowest: ## run the tests that need no browser on the lowest versions allowed
bench: ## measure what requests cost, next to views by hand and to django-formtools
load: ## press gunicorn for minutes, weigh drafts on servers, and lose a node of Redis Cluster
fuzz: ## send hostile requests and draw odd wizards at random, for half an hour
drill: ## kill and fill everything while visitors shop, and count what was lost
interruptions: ## interrupt visitors as they type, in Chromium, and count what they type again
mutate: ## change the code in one place at a time, and count what no test notices
docs: ## build the site of the documents into build/site
messages: ## put every text into the catalogues of the languages, and compile them
pictures: ## take the pictures of the documents again

$(SESSIONS): $(NOX)
	@$(NOX) --session $@

$(NOX): pyproject.toml .ci/bootstrap $(MOVED)
	@$(if $(PYTHON),,$(error Python 3.11 or newer is needed. Install it, or name it: make PYTHON=/path/to/python3))
	@.ci/bootstrap $(PYTHON)

clean: ## remove what make has made
	rm -rf build .coverage*
