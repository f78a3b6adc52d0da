/* probe FILE: writes to FILE (`-`: stdout) what this process can observe in a build's sandbox, and ends with 3. */
#include "probe.h"
#include <sys/wait.h>

FILE *report;

static const struct {
	int number;
	const char *name;
} errnos[] = {
#define E(name) {name, #name}
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN),
	E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR),
	E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK),
	E(EPIPE), E(EDOM), E(ERANGE), E(ENAMETOOLONG), E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(ENODATA), E(ENOTSUP),
	E(EOVERFLOW), E(EUSERS), E(ENOTSOCK), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EAFNOSUPPORT), E(EADDRNOTAVAIL),
	E(ENETDOWN), E(ENETUNREACH), E(EHOSTUNREACH), E(ECONNREFUSED), E(ETIMEDOUT), E(ENOKEY), E(EDQUOT), E(EBADFD),
#undef E
};

const char *errno_name(int number) {
	static char unknown[16];
	for (size_t i = 0; i < COUNT(errnos); i++)
		if (errnos[i].number == number) return errnos[i].name;
	snprintf(unknown, sizeof unknown, "errno %d", number);
	return unknown;
}

const char *outcome(long result) { return result == -1 ? errno_name(errno) : "OK"; }

void lines_of(const char *path, const char *topic) {
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	if (!file) {
		fprintf(report, "%s: %s\n", topic, errno_name(errno));
		return;
	}
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = 0;
		fprintf(report, "%s: %s\n", topic, line);
	}
	free(line);
	fclose(file);
}

/* A part that comes to grief must not take the others with it, and is a fact itself. */
static void part(const char *name, void (*facts)(void)) {
	int status = 0;
	fflush(report);
	pid_t child = fork();
	if (child == 0) {
		facts();
		fflush(report);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		fprintf(report, "part %s: did not end well: %d\n", name, status);
}

/* Root of a range of users that no account outside has. */
static int root_of_a_range(void) {
	unsigned long inside = 1, outside = 0, count = 0;
	FILE *file = fopen("/proc/self/uid_map", "re");
	int fields = file ? fscanf(file, "%lu %lu %lu", &inside, &outside, &count) : 0;
	if (file) fclose(file);
	return getpid() == 1 && getuid() == 0 && fields == 3 && inside == 0 && outside >= 65536 && count == 65536;
}

/* Elsewhere, and above all as root, what is tried here would succeed and do harm. */
static int in_sandbox(void) {
	char line[256], privileged = 1;
	if (root_of_a_range()) return 1;
	FILE *file = fopen("/proc/self/status", "re");
	while (file && fgets(line, sizeof line, file))
		if (!strcmp(line, "CapEff:\t0000000000000000\n")) privileged = 0;
	if (file) fclose(file);
	return getpid() == 1 && getuid() == 1000 && geteuid() == 1000 && !privileged;
}

int main(int argc, char **argv) {
	char *text = NULL;
	size_t size = 0;
	if (argc != 2 || !in_sandbox()) {
		fputs("probe FILE: only as the first process of a sandbox, as user 1000 and without capabilities or as root of a range\n", stderr);
		return 2;
	}
	/* Before a file is opened, and by this process itself. */
	report = open_memstream(&text, &size);
	descriptor_facts();
	process_facts();
	fclose(report);
	report = strcmp(argv[1], "-") ? fopen(argv[1], "we") : stdout;
	if (!report) {
		perror(argv[1]);
		return 2;
	}
	fwrite(text, 1, size, report);
	part("mounts", mount_facts);
	part("network", network_facts);
	part("tree", tree_facts);
	part("calls", call_facts);
	return fclose(report) == 0 ? 3 : 2;
}
