// The generator of the assembly has a module of its own, so that avo and what
// it needs never reach a program that only uses the kernels.
module gorandom.dev/gorandom/keystream/asm

go 1.26.0

require github.com/mmcloughlin/avo v0.6.0

require (
	golang.org/x/mod v0.33.0 // indirect
	golang.org/x/sync v0.19.0 // indirect
	golang.org/x/tools v0.42.0 // indirect
)
