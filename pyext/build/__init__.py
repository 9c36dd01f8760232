"""The build, step by step: toolchain, generate (in gopy), archive, command; backend is what pip talks to."""
