// gopy, pinned, in a module of its own: who imports the Go packages need not have it.
module gorandom.dev/pyext/gopy/tool

go 1.26.0

tool github.com/go-python/gopy

require (
	github.com/go-python/gopy v0.4.10 // indirect
	github.com/gonuts/commander v0.1.0 // indirect
	github.com/gonuts/flag v0.1.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)
