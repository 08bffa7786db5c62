// Preloaded by a test: makes the running program crash when it is told to.
process.on("SIGUSR2", () => {
  throw new Error("crash on purpose");
});
