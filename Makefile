# The few commands. Each is a line; what they do stands in .ci/, src/PROOFS.md and src/BENCHMARKS.md.
.PHONY: run test bench prove-small

run: ## install what is missing, build, start the database, load the demonstration, serve
	@.ci/run.sh

test: ## everything that must hold, step by step
	@.ci/test.sh

bench: ## the figures of src/BENCHMARKS.md
	@.ci/bench.sh

# The proofs run at any size, print their figures in one last line and exit 1 on any violation.
# `make test` runs each of them small.
prove-small:
