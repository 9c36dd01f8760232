/* Calls f with a mark in vector registers that few programs use. A secret's last copy would be in such registers. */
#include <string.h>

void call_marked(const char mark[16], void (*f)(void))
{
#if defined __x86_64__
	__asm__ volatile("movdqu (%0), %%xmm12; movdqa %%xmm12, %%xmm13; movdqa %%xmm12, %%xmm14; movdqa %%xmm12, %%xmm15"
		: : "r"(mark) : "xmm12", "xmm13", "xmm14", "xmm15", "memory");
#elif defined __aarch64__
	__asm__ volatile("ldr q28, [%0]; mov v29.16b, v28.16b; mov v30.16b, v28.16b; mov v31.16b, v28.16b"
		: : "r"(mark) : "v28", "v29", "v30", "v31", "memory");
#endif
	f();
}
