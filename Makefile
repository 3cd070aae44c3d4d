# SPDX-License-Identifier: Apache-2.0
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DEFAULT_GOAL := help

FUZZ_SECONDS ?= 60
SCHEMATHESIS_SECONDS ?= 300
SOAK_SECONDS ?= 600
BUILD := swift build --explicit-target-dependency-import-check error

.PHONY: help setup setup-test setup-bench build run test lint format generate check-generated check-layers bench h2spec \
	interop fuzz schemathesis soak test-sanitize clean

help: ## Show this list
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## Install the Debian packages that building and running need
	Scripts/setup.sh run

setup-test: ## Install what the tests need besides
	Scripts/setup.sh run test

setup-bench: ## Install what the benchmarks need besides
	Scripts/setup.sh run test bench

build: setup ## Build everything for debugging
	$(BUILD)

run: setup ## Start everything on private databases, with a sample tenant and simulated devices
	$(BUILD) -c release --product traksense
	exec "$$($(BUILD) -c release --show-bin-path)/traksense" dev

test: setup-test ## Build and run all tests
	$(BUILD) --build-tests
	Scripts/test.sh

lint: setup check-layers check-generated ## Check format, layers and generated code
	Scripts/lint.sh

format: ## Format all hand-written Swift
	Scripts/lint.sh --fix

generate: setup ## Write the sources that come from proto/
	Scripts/generate.sh

check-generated: setup ## Fail when a committed generated source is not what generate writes
	Scripts/check-generated.sh

check-layers: ## Fail on an import against the layers of ARCHITECTURE.md
	Scripts/check-layers.sh

.PHONY: docs
docs: setup ## Build the documentation of the library into .build/docs
	Scripts/docs.sh

bench: setup-bench ## Measure beside peers; prints ratios
	Scripts/bench.sh

h2spec: setup ## Check HTTP/2 with the h2spec program that H2SPEC names, beside nghttpd
	Scripts/h2spec.sh

interop: setup-test ## Run gRPC's interoperability tests with grpcio, both ways
	Scripts/interop.sh

fuzz: setup ## Fuzz each parser of the wire for FUZZ_SECONDS (60)
	Scripts/fuzz.sh $(FUZZ_SECONDS)

schemathesis: setup-test ## Hold the OpenAPI document against a server for SCHEMATHESIS_SECONDS (300) beyond the tests
	$(BUILD) --build-tests
	SCHEMATHESIS_SECONDS=$(SCHEMATHESIS_SECONDS) swift test --skip-build --filter OpenAPITests/conformance

soak: setup ## Throw random frames at a live server for SOAK_SECONDS (600), and watch its memory
	Scripts/soak.sh $(SOAK_SECONDS)

test-sanitize: setup-test ## Run the runtime's tests under the address and the thread sanitizer
	Scripts/test-sanitize.sh

clean: ## Remove build products and the private databases
	rm -rf .build .venv "$$(readlink -f .traksense)" .traksense
