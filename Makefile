# The lab, the program on it, and the tests. Everything is made by lab/bootstrap.sh, which says first what
# this machine lacks. LAB_NAME, LAB_PORT and LAB_PUBLIC_CIDR make a second lab beside the first.

.PHONY: help up start env shell status down clean check test test-long

help:
	@echo 'make up      a swarm of four nodes on an emulated DigitalOcean, on this machine'
	@echo 'make env     the environment in which a plain pulumi speaks to it: eval "$$(make -s env)"'
	@echo 'make shell   a shell with that environment, or without a lab your own, and the swarm command on PATH'
	@echo 'make status  what runs'
	@echo 'make down    destroys the stack and removes all that the lab made on this machine'
	@echo 'make clean   the same, and the caches'
	@echo 'make check   the tests that need no lab: some three minutes'
	@echo 'make test    all tests'
	@echo 'make test-long  interruptions at every step, and walks with fresh seeds: hours; see docs/testing.md'
	@echo 'make start   the lab alone, without "pulumi up"'

up start env shell status down clean check test test-long:
	@lab/bootstrap.sh $@
