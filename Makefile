# The few commands. Each is a line; what they do stands in .ci/, src/PROOFS.md and src/BENCHMARKS.md.
.PHONY: run test bench time-test prove-small prove-saga-crash prove-access prove-sign-in prove-cart-race prove-database-restart prove-drift prove-carrier-faults prove-voice-without-database prove-sip-call judge

run: ## install what is missing, build, start the database, load the demonstration, serve
	@.ci/run.sh

test: ## everything that must hold, step by step
	@.ci/test.sh

bench: ## the figures of src/BENCHMARKS.md
	@.ci/bench.sh

time-test: ## how long `make run` and `make test` take with empty caches, and again: an hour
	@.ci/time-test.sh

# The proofs run at any size, print their figures in one last line and exit 1 on any violation.
# `make test` runs each of them small, except prove-sign-in, which measures time, and prove-sip-call,
# which installs a telephone exchange; two that mostly wait go at once.
prove-small:
	@PURCHASES=8 MOST=5 KILLS=4 RESTARTS=2 $(MAKE) --no-print-directory --output-sync=target -j2 prove-saga-crash prove-database-restart
	@$(MAKE) --no-print-directory prove-access
	@CARTS=100 $(MAKE) --no-print-directory prove-cart-race
	@NUMBERS=2000 DRIFTED=100 $(MAKE) --no-print-directory prove-drift
	@$(MAKE) --no-print-directory prove-carrier-faults
	@SECONDS_DOWN=4 CALLERS=4 $(MAKE) --no-print-directory prove-voice-without-database

prove-saga-crash: ## R1: PURCHASES=1000 MOST=50 KILLS=200 SEED=…: kill -9 while numbers are bought at three carriers
	@.ci/prove.sh prove_saga_crash

prove-access: ## R22: every route asked by everybody who might ask; PLANT=name plants one fault
	@.ci/prove.sh prove_access

prove-sign-in: ## R25: SAMPLES=200: answers and times tell nobody which addresses have accounts
	@.ci/prove.sh prove_sign_in

prove-cart-race: ## R2: CARTS=2000: as many carts want one number, over two server processes
	@.ci/prove.sh prove_cart_race

prove-database-restart: ## R3: RESTARTS=20 SEED=…: PostgreSQL is stopped hard and started while everything goes on
	@.ci/prove.sh prove_database_restart

prove-drift: ## R9: NUMBERS=100000 DRIFTED=500 SEED=…: what a carrier changes behind our back is found
	@.ci/prove.sh prove_drift

prove-carrier-faults: ## R11: carriers that hang, tear, flood and lie, fault by fault, and faults of ours planted
	@.ci/prove.sh prove_carrier_faults

prove-voice-without-database: ## SECONDS_DOWN=30 CALLERS=16 ROUNDS=1 SEED=…: PostgreSQL is stopped while calls come in
	@.ci/prove.sh prove_voice_without_database

# Not part of `make test`: it installs Kamailio and sipp.
prove-sip-call: ## CALLS=5 SECONDS_SPOKEN=4: real calls through Kamailio, as the published plan decides
	@.ci/prove/sip-call.sh

# Not part of `make test`: the mock is an instrument from outside.
judge: ## JUDGE=folder CARRIER=…: what the carriers' adapters send, by a mock of the carriers' specifications
	@.ci/judge.sh
