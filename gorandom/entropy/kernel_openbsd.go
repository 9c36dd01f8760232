package entropy

//go:cgo_import_dynamic libc_getentropy getentropy "libc.so"
