# Sourced: the settings the program runs with, and what is measured for it (as-program.sh).
#
# Of glibc: what is freed goes back to the system at once, otherwise it keeps blocks of up to 32 MiB; large tables lie in huge pages, which
# nearly halves what an event costs in a large graph.
malloc=glibc.malloc.mmap_threshold=131072:glibc.malloc.trim_threshold=131072:glibc.malloc.hugetlb=1
# A small young generation saves 20 MB of resident memory and costs nothing measurable at a few frames a second; V8 without helper threads
# saves as much again and a tenth of the CPU. After a flood the program collects what it left (give-back.ts).
engine="--expose-gc --max-semi-space-size=1 --single-threaded"
