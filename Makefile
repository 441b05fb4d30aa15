# The two commands a newcomer needs are `make run` and `make test`.
CONFIGURATION ?= Release
# The SDK needs no ICU library, which a fresh machine may lack: neither does anything here.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT = 1
BUILD = dotnet build -c $(CONFIGURATION) -nologo -v quiet

.PHONY: run test build format bench clean

run: ## Serves on http://127.0.0.1:8000: any user name, local Dask, SQLite in ./data
	@deploy/dev/need.sh dask
	@$(BUILD) src/Gateway.Server
	@DOTNET_ENVIRONMENT=$${DOTNET_ENVIRONMENT:-Production} DOTNET_GCgen0size=$${DOTNET_GCgen0size:-1000000} exec dotnet src/Gateway.Server/bin/$(CONFIGURATION)/net10.0/gateway.dll

test: ## Everything: restore, format, build, all tests with real Dask, Postgres, JupyterHub and HTCondor
	@tests/run.sh

build:
	$(BUILD) Gateway.sln

format:
	dotnet format Gateway.sln

bench: ## Figures, side by side with the peers that are installed
	@tests/Gateway.Benchmarks/run.sh

clean:
	rm -rf TestResults && find src tests migrations -name bin -o -name obj | xargs rm -rf
