"""The figures of the README, made again: ``python -m benchmarks.bench_…``."""
