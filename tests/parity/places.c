/* Mounts, and the tree of files: types, modes, owners, and what can be written where. */
#include "probe.h"
#include <dirent.h>
#include <sys/sysmacros.h>

/* The host's side of a mount (its device, and the directory of it) is another one in each sandbox. */
static void mount_fact(char *line) {
	char *separator = strstr(line, " - "), *fields[64] = {NULL};
	int count = 0;
	*separator = 0;
	for (char *field = strtok(line, " "); field && count < 64; field = strtok(NULL, " ")) fields[count++] = field;
	char *type = strtok(separator + 3, " "), *source = strtok(NULL, " "), *options = strtok(NULL, "\n");
	fprintf(report, "mount %s: %s", fields[4], fields[5]);
	for (int i = 6; i < count; i++) fprintf(report, " %s", strtok(fields[i], ":"));
	if (strcmp(type, "proc") && strcmp(type, "tmpfs") && strcmp(type, "devpts"))
		fprintf(report, ", type %s\n", type);
	else
		fprintf(report, ", type %s of %s, directory %s, options %s\n", type, source, fields[3], options);
}

void mount_facts(void) {
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	while (file && getline(&line, &room, file) > 0) mount_fact(line);
	free(line);
	if (file) fclose(file);
}

static const char *access_of(const char *path, int how) {
	int descriptor = open(path, how | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *name = outcome(descriptor);
	if (descriptor >= 0) close(descriptor);
	return name;
}

static const char *creation_in(const char *directory) {
	char path[4096];
	snprintf(path, sizeof path, "%s/.probe", directory);
	int descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	const char *name = outcome(descriptor);
	if (descriptor >= 0) {
		close(descriptor);
		unlink(path);
	}
	return name;
}

static char kind_of(mode_t mode) { return "?pc?d?b?-?l?s???"[(mode & S_IFMT) >> 12]; }

static void tree(const char *path, int depth);

static void entries_of(const char *path, int depth) {
	char child[4096];
	DIR *directory = opendir(path);
	struct dirent *entry;
	if (!directory) {
		fprintf(report, "listing %s: %s\n", path, errno_name(errno));
		return;
	}
	while ((entry = readdir(directory))) {
		const char *name = entry->d_name;
		int process = !strcmp(path, "/proc") && name[0] >= '0' && name[0] <= '9';
		if (process || !strcmp(name, ".") || !strcmp(name, "..")) continue;
		snprintf(child, sizeof child, "%s/%s", strcmp(path, "/") ? path : "", name);
		tree(child, depth);
	}
	closedir(directory);
}

/* One place, and what is below it: of /proc the names, of a store path nothing, of the build's report neither. */
static void tree(const char *path, int depth) {
	char target[4096] = "";
	struct stat of;
	int in_proc = !strncmp(path, "/proc/", 6), in_store = !strncmp(path, "/nix/store/", 11);
	if (!strcmp(path, "/build/report")) return;
	if (lstat(path, &of) != 0) {
		fprintf(report, "tree %s: %s\n", path, errno_name(errno));
		return;
	}
	fprintf(report, "tree %s: %c %04o %u:%u", path, kind_of(of.st_mode), of.st_mode & 07777, of.st_uid, of.st_gid);
	/* The links in /proc are all the kernel's own; some name the process. */
	if (S_ISLNK(of.st_mode) && !in_proc && readlink(path, target, sizeof target - 1) > 0) fprintf(report, " -> %s", target);
	if (S_ISCHR(of.st_mode) || S_ISBLK(of.st_mode)) fprintf(report, " %u,%u", major(of.st_rdev), minor(of.st_rdev));
	fputc('\n', report);
	if (!S_ISDIR(of.st_mode) && !S_ISLNK(of.st_mode) && !in_proc)
		fprintf(report, "access %s: read %s, write %s\n", path, access_of(path, O_RDONLY), access_of(path, O_WRONLY));
	int told = !strncmp(path, "/etc/", 5) || !strncmp(path, "/build/.attr", 12);
	if (S_ISREG(of.st_mode) && told) {
		snprintf(target, sizeof target, "content %.4000s", path);
		lines_of(path, target);
	}
	if (!S_ISDIR(of.st_mode) || in_proc) return;
	fprintf(report, "create in %s: %s\n", path, creation_in(path));
	if (!in_store && depth > 0) entries_of(path, depth - 1);
}

void tree_facts(void) { tree("/", 8); }
