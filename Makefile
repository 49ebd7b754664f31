GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# The linter is pinned by a module of its own, so that its dependencies never reach the product's.
LINTER   := bin/golangci-lint
PROMTOOL := bin/promtool

.DEFAULT_GOAL := help
.PHONY: help run build test soak bench lint alerts check-go

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Start everything on this machine and show the whole path on sample data
	@./bin/auren up --demo

build: check-go ## Build bin/auren, bin/auren-bench and bin/auren-eval
	@[ -e bin/auren ] || echo "building (the first time takes a few minutes)"
	@$(GO) build -buildvcs=false -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/auren ./cmd/auren-bench ./cmd/auren-eval

test: build ## Run every test with the race detector, on a real PostgreSQL and a real NATS server
	@./bin/auren setup
	$(GO) test -race -timeout 20m ./...

soak: build ## Break everything at random under load for ten minutes (AUREN_SOAK=30s for less), then check that nothing was lost
	@./bin/auren setup
	AUREN_SOAK=$${AUREN_SOAK:-10m} $(GO) test -count=1 -timeout 0 -v -run '^TestSoak$$' ./cmd/internal/faults
	AUREN_SOAK=$${AUREN_SOAK:-10m} $(GO) test -count=1 -run '^TestAFollowerSeesEverythingOnceInOrder$$' ./eventstore/writer

bench: build ## Measure AUREN beside what this machine can do (an hour or so; ./bin/auren-bench --quick takes minutes)
	@./bin/auren setup && ./bin/auren-bench

lint: check-go $(LINTER) ## Vet the code, check its format, run the linters
	$(GO) vet ./...
	@unformatted=$$(find . -name '*.go' -not -path './.*' -exec gofmt -l {} +); \
	if [ -n "$$unformatted" ]; then echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; fi
	$(LINTER) config verify
	$(LINTER) run

alerts: $(PROMTOOL) ## Check the alert rules, and that each fires when it should
	$(PROMTOOL) check config deploy/prometheus/prometheus.yml
	$(PROMTOOL) test rules deploy/prometheus/alerts_test.yml

# Without the discovery of targets in clouds, which the checks have no use for and which is most of it.
$(PROMTOOL): deploy/tools/promtool/go.mod deploy/tools/promtool/go.sum | check-go
	@echo "building promtool (once, some minutes)"
	@$(GO) build -C deploy/tools/promtool -buildvcs=false -tags remove_all_sd -o $(CURDIR)/$(PROMTOOL) github.com/prometheus/prometheus/cmd/promtool

$(LINTER): deploy/tools/go.mod deploy/tools/go.sum | check-go
	@echo "building the linter (once, a minute or two)"
	@$(GO) build -C deploy/tools -buildvcs=false -o $(CURDIR)/$(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

check-go:
	@need=$$(awk '$$1 == "go" { print $$2 }' go.mod); \
	have=$$({ $(GO) env GOVERSION || GOTOOLCHAIN=local $(GO) env GOVERSION; } 2>/dev/null | sed 's/[^0-9.]*\([0-9.]*\).*/\1/'); \
	if [ -z "$$have" ]; then \
		echo "AUREN needs Go $$need or newer, and '$(GO)' was not found: https://go.dev/dl/" >&2; exit 1; \
	fi; \
	if [ "$$(printf '%s\n' "$$need" "$$have" | sort -V | head -n 1)" != "$$need" ]; then \
		echo "AUREN needs Go $$need or newer, found $$have: https://go.dev/dl/ (from Go 1.21 on, 'go env -w GOTOOLCHAIN=auto' lets Go fetch it)" >&2; exit 1; \
	fi
