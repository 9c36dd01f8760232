//go:build darwin || openbsd

#include "go_asm.h"
#include "textflag.h"

TEXT getentropy<>(SB), NOSPLIT, $0-0
	JMP libc_getentropy(SB)

GLOBL ·getentropyAddr(SB), RODATA, $const_wordSize
DATA ·getentropyAddr(SB)/const_wordSize, $getentropy<>(SB)
