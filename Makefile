# Each target is one script; see scripts/. Names and ports: the environment or `.env`, docker-compose.yml lists them.
.PHONY: up images test bench down clean

# Installs, builds, starts everything, deploys the example (EMPTY=1: no pool, no example).
up:     ; @sh scripts/up.sh
# Builds and makes the images, so that `docker-compose up` works.
images: ; @sh scripts/install.sh && sh scripts/build.sh && sh scripts/images.sh
# Every test there is, from format to end-to-end.
test:   ; @bash scripts/test.sh
# Speed and size beside a floor of the same run, on a system of its own (GANTRY_PROFILE=dev: a quick look).
bench:  ; @bash scripts/bench.sh
# Stops machines, then the rest; data is kept.
down:   ; @sh scripts/down.sh
# Removes containers, networks, volumes and the operator's folder of this system, and nothing else.
clean:  ; @sh scripts/clean.sh
