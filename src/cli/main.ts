process.stderr.write("spydertop: not built yet\n");
process.exitCode = 2;
