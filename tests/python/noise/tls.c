/* A library with thread-local memory, for the loader noise: loading it changes the loader's TLS lists. */
static __thread char room[64];
char *touch(void) { return room; }
