# SPDX-License-Identifier: Apache-2.0
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules

.PHONY: generate check-generated

generate: ## Write the sources that come from proto/
	Scripts/generate.sh

check-generated: ## Fail when a committed generated source is not what generate writes
	Scripts/check-generated.sh
