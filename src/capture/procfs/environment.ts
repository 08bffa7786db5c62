/**
 * The variables that make a program load or run other code, or say who asked for it: no others are kept. bpf/environment.bpf.c chooses the
 * same by their first eight bytes; a test compares the two.
 */
export const CHOSEN_VARIABLES: readonly string[] = [
  "LD_PRELOAD",
  "LD_AUDIT",
  "LD_LIBRARY_PATH",
  "GCONV_PATH",
  "BASH_ENV",
  "PROMPT_COMMAND",
  "PYTHONPATH",
  "PYTHONSTARTUP",
  "PYTHONHOME",
  "PERL5LIB",
  "PERL5OPT",
  "RUBYLIB",
  "RUBYOPT",
  "NODE_OPTIONS",
  "NODE_PATH",
  "JAVA_TOOL_OPTIONS",
  "_JAVA_OPTIONS",
  "JDK_JAVA_OPTIONS",
  "CLASSPATH",
  "GIT_SSH",
  "GIT_SSH_COMMAND",
  "SSH_CONNECTION",
  "SSH_ORIGINAL_COMMAND",
  "SUDO_USER",
  "HISTFILE",
];
