# Sourced: the settings the program runs with, and what is measured for it (as-program.sh).
#
# Of glibc: large tables lie in huge pages, which nearly halves what an event costs in a large graph. So does the heap: blocks of up to 8 MiB
# come from it, for in fresh memory each page of 4 KiB costs more than what is written to it (a frame of a recording is unpacked in 1 ms instead
# of 7), and the memory zstd works in, over 2 MiB, would be fetched anew for each frame: twice the CPU of a recording and more. One heap for all
# threads, so that it is there once. Larger blocks, and what is free at its end, go back to the system at once, otherwise it keeps up to 32 MiB.
malloc=glibc.malloc.mmap_threshold=8388608:glibc.malloc.trim_threshold=2097152:glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1
# A small young generation saves 20 MB of resident memory and costs nothing measurable at a few frames a second. The seven tables of the graph
# share code: beyond four kinds of objects V8 stops telling them apart and looks each field up, a sixth of what an event costs.
# What plays a file takes V8's helper threads: they compile and collect beside it, and its own thread reaches a moment in half the CPU. Live they
# would take 22 MB more and a tenth of the CPU: there V8 has one thread, and as it compiles for long, it may put more into one piece, which saves
# a twelfth of an event against half as much, and would cost the first moment of a file. After a flood the program collects what it left (give-back.ts).
engine_of_file="--expose-gc --max-semi-space-size=1 --max-valid-polymorphic-map-count=16"
engine="$engine_of_file --single-threaded --max-inlined-bytecode-size-cumulative=4000"
