#ifndef GORANDOM_ERROR_H
#define GORANDOM_ERROR_H

char *core_take_error(void);

#endif
