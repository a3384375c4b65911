# The handful of commands that people type.

# render the flagship to stdout
render:
    cargo run --release -- render

# accept the current rendering as golden
bless:
    cargo run --release -- diff --all-environments --accept
    PLATFORMGEN_BLESS=1 cargo test --test cases --test reference

# everything that CI checks
ci:
    bash .ci/run

# throughput of the writer and the renderer, as ratios
bench:
    cargo bench
