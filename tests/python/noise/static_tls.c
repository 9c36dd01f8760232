/* A library that must have its thread-local storage beside the program's. Each copy that is loaded late takes some of the
 * little room that the loader keeps for this. */
static __thread char room[32] __attribute__((tls_model("initial-exec")));
char *touch(void) { return room; }
