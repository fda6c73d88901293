# The front door: make lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# One set of flags for building, testing and vetting, so that they share Go's
# cache. gin without MessagePack is 2 MB smaller. The version comes from git,
# where git answers.
in_git := $(shell git rev-parse --verify --quiet HEAD >/dev/null 2>&1 && echo true || echo false)
export GOFLAGS := $(shell go env GOFLAGS 2>/dev/null) -tags=nomsgpack -buildvcs=$(in_git)

run_flags ?= --machines 3 --firmware bios,uefi,uefi --light 20

# The architectures of machines that the appliance can boot: a boot image for
# each is carried, of 30 MB. ARCHES="amd64 arm64" carries both.
native := $(shell go env GOARCH 2>/dev/null)
ARCHES ?= $(native)
boot_images := $(ARCHES:%=images/embedded/files/%/bootimage.json)
agents := $(patsubst %,bin/%/firstlight-agent,$(sort $(native) $(ARCHES)))

.PHONY: help deps build run test test-long lint fmt gen bench fuzz deb clean go osimage only FORCE

help:
	@awk -F ' *## *' '/^[a-z-]+:.*## / { sub(/:.*/, "", $$1); printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: go ## install the Debian packages that are missing, and the pinned ones of Node; says nothing when none is
	@.tools/deps
	@.tools/npm server/api/testdata/client >/dev/null || true # building does without; the tests say what is missing

build: deps bin/firstlight bin/firstlight-agent bin/virtualrack ## build the appliance, the agent and the rack into bin/; ARCHES="amd64 arm64" boots both

run: build osimage ## start the appliance with a virtual rack; RUN_FLAGS="…" chooses another
	@exec bin/virtualrack run $(or $(RUN_FLAGS),$(run_flags))

test: build osimage ## every test, real clients, browser and firmware included; what is skipped fails
	@.tools/test

test-long: osimage ## the same with every firmware path and the long figures
	@$(MAKE) build ARCHES="amd64 arm64"
	@FIRSTLIGHT_LONG=1 .tools/test

lint: deps ## golangci-lint and shellcheck; builds golangci-lint once, which takes minutes
	@.tools/lint

fmt: go ## format the Go files as gofumpt does
	@git ls-files -z --cached --others --exclude-standard -- '*.go' | xargs -0 $$(.tools/tool mvdan.cc/gofumpt) -w

# The disks that agent/signature keeps are made by tools with random identities,
# so that they are written anew by hand only.
gen: deps ## run the generators and rewrite the golden files; review the difference
	@go generate ./...
	@git grep --untracked -lF 'flag.Bool("update"' -- '*_test.go' ':!agent/signature' | xargs -n 1 dirname | sort -u | while read -r dir; do go test "./$$dir" -update; done
	@git status --short

bench: build ## one line per comparison with a real peer; WORK=dns (dhcp, tftp, http, script, serverdb, dhcp6, storm, discovery, image) runs one
	@.tools/deps --bench
	@exec bin/virtualrack bench $(if $(WORK),--work $(WORK))

fuzz: deps ## give every fuzz target 1,000,000 inputs; N=20000 or TIME=30s for less
	@.tools/fuzz $(if $(TIME),$(TIME),$(if $(N),$(N)x))

deb: build ## build the Debian package into dist/
	@cmd/firstlight/debian/build dist

clean: ## remove what make built; caches in ~/.cache/firstlight stay
	@rm -rf bin dist .run .bench .storm .replay
	@git clean -fdXq -- ipxe/loaders images/embedded/files

# go says what to do where no Go is, or one too old to read go.mod.
go:
	@command -v go >/dev/null || { echo "make: Go is not installed; install $$(sed -n 's/^go //p' go.mod) or newer (go.dev/doc/install)" >&2; exit 1; }
	@go list -m >/dev/null || { echo "make: $$(go version) cannot build this; install Go $$(sed -n 's/^go //p' go.mod) or newer (go.dev/doc/install)" >&2; exit 1; }

# The programs. The go command knows best whether something changed, but touches
# what it leaves as it is; the copy keeps its time, so that the boot image is
# packed again for a new agent only.
bin/virtualrack bin/firstlight $(agents): bin/%: FORCE
	@mkdir -p bin/fresh/$(*D)
	@CGO_ENABLED=0 $(patsubst %,GOARCH=%,$(filter $(native) $(ARCHES),$(*D))) go build -trimpath -ldflags '-s -w' -o bin/fresh/$* ./cmd/$(*F)
	@cmp -s bin/fresh/$* $@ || { mkdir -p $(@D) && cp bin/fresh/$* $@.new && mv $@.new $@; }

# The agent that runs on this host.
bin/firstlight-agent: bin/$(native)/firstlight-agent
	@cp -p $< $@

# The appliance carries the loaders and the boot images, which carry the agent.
bin/firstlight: $(boot_images) | only

# only takes away what an earlier build with other ARCHES left to be carried.
only:
	@find images/embedded/files -mindepth 1 -maxdepth 1 ! -name README $(ARCHES:%=! -name %) -exec rm -r {} +

images/embedded/files/%/bootimage.json: bin/%/firstlight-agent $(wildcard images/bootimage/*.go images/bootimage/build/*.go images/bootimage/initramfs/*) ipxe/loaders.sum | deps
	@ipxe/fetch
	@go run ./images/bootimage/build -arch $* -agent $< -out $(@D)

osimage: deps
	@mkdir -p bin/images
	@images/osimage/build bin/images
