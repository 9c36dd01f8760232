/* What all models share. A guard of the C code is a line with GUARD(NAME); spin -DNO_NAME takes it out. */
#define GUARD(name) (!IS_ONE(NO_##name))

/* 1 if x is a macro of the value 1, else 0. The trick is Linux's: include/linux/kconfig.h, __is_defined(). */
#define IS_ONE(x) IS_ONE_(x)
#define IS_ONE_(x) IS_ONE__(BEFORE_##x)
#define BEFORE_1 0,
#define IS_ONE__(junk_or_nothing) SECOND_OF(junk_or_nothing 1, 0, 0)
#define SECOND_OF(a, b, ...) b
