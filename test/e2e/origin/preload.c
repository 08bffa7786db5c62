// A library that runs a command in whatever loads it: what stands in WHAT, once.
#include <stdlib.h>

__attribute__((constructor)) static void loaded(void)
{
	const char *command = getenv("WHAT");

	unsetenv("LD_PRELOAD");
	if (command && system(command) < 0)
		abort();
}
