/* What a process can observe, one fact a line: `topic subject: value`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

extern FILE *report;

const char *errno_name(int number);
/* What a call that gave `result` came to: OK or the errno's name. */
const char *outcome(long result);
/* The lines of a file, each with `topic`. */
void lines_of(const char *path, const char *topic);

void process_facts(void);
void descriptor_facts(void);
void mount_facts(void);
void network_facts(void);
void call_facts(void);
void tree_facts(void);
