/* A library that must have its thread-local storage beside the program's: each copy that is loaded late takes of the little
 * that the loader keeps for such. */
static __thread char room[32] __attribute__((tls_model("initial-exec")));
char *touch(void) { return room; }
