"""The build, step by step: toolchain, generate, archive, command; backend is what pip talks to."""
