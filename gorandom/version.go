package gorandom

// Version is the version of the module, and of everything that is built from it.
const Version = "0.1.0"
