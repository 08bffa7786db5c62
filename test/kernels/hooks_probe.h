// SPDX-License-Identifier: MIT
#pragma once

// Prints one line a hook: whether it loads and whether it ran.
void probe_hooks();
