/* The process itself: ids, state, limits, namespaces, environment, descriptors. */
#include "probe.h"
#include <dirent.h>
#include <limits.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <termios.h>

extern char **environ;

/* Of /proc/self/status, all but measures of memory and of time. */
static void status(void) {
	static const char *const measures[] = {"Vm", "Rss", "voluntary", "nonvoluntary", "FDSize", "SigQ", "Huge", "untag"};
	FILE *file = fopen("/proc/self/status", "re");
	char *line = NULL;
	size_t room = 0;
	while (file && getline(&line, &room, file) > 0) {
		size_t i = 0;
		while (i < COUNT(measures) && strncmp(line, measures[i], strlen(measures[i]))) i++;
		if (i == COUNT(measures)) fprintf(report, "status %s", line);
	}
	free(line);
	if (file) fclose(file);
}

static void ids(void) {
	int foreground = -1;
	fprintf(report, "process pid: %d\n", getpid());
	fprintf(report, "process parent: %d\n", getppid());
	fprintf(report, "process group: %d\n", getpgrp());
	fprintf(report, "process session: %d\n", getsid(0));
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	fprintf(report, "process controlling terminal: %s\n", outcome(tty));
	if (tty >= 0) {
		if (ioctl(tty, TIOCGPGRP, &foreground) == 0) fprintf(report, "process foreground group: %d\n", foreground);
		close(tty);
	}
}

static void inherited(void) {
	int signal = -1;
	struct utsname name;
	uname(&name);
	fprintf(report, "uname node: %s\nuname domain: %s\nuname machine: %s\nuname release: %s\n", name.nodename,
		name.domainname, name.machine, name.release);
	prctl(PR_GET_PDEATHSIG, &signal);
	fprintf(report, "prctl death signal: %d\n", signal);
	fprintf(report, "prctl dumpable: %d\n", prctl(PR_GET_DUMPABLE));
	fprintf(report, "prctl securebits: %d\n", prctl(PR_GET_SECUREBITS));
	fprintf(report, "prctl keepcaps: %d\n", prctl(PR_GET_KEEPCAPS));
	fprintf(report, "prctl child subreaper: %d\n", prctl(PR_GET_CHILD_SUBREAPER, &signal) ? -1 : signal);
	fprintf(report, "prctl thp disabled: %d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	fprintf(report, "prctl timer slack: %d\n", prctl(PR_GET_TIMERSLACK));
	fprintf(report, "scheduling policy: %d\nscheduling nice: %d\n", (int)syscall(SYS_sched_getscheduler, 0), getpriority(PRIO_PROCESS, 0));
	fprintf(report, "scheduling io: %ld\n", syscall(SYS_ioprio_get, 1, 0));
}

static void namespaces(void) {
	static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
	char path[64], target[64];
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		ssize_t length = readlink(path, target, sizeof target - 1);
		if (length < 0) length = 0;
		target[length] = 0;
		fprintf(report, "namespace %s: %s\n", names[i], target);
	}
}

void process_facts(void) {
	static const struct {
		const char *path, *topic;
	} files[] = {
		{"/proc/self/personality", "personality"},
		{"/proc/self/limits", "limit"},
		{"/proc/self/uid_map", "uid_map"},
		{"/proc/self/gid_map", "gid_map"},
		{"/proc/self/setgroups", "setgroups"},
		{"/proc/self/oom_score_adj", "oom_score_adj"},
		{"/proc/self/coredump_filter", "coredump_filter"},
		{"/proc/sys/kernel/hostname", "sysctl hostname"},
		{"/proc/sys/kernel/domainname", "sysctl domainname"},
		{"/proc/sys/net/ipv4/ping_group_range", "sysctl ping_group_range"},
		{"/proc/sys/net/ipv4/ip_unprivileged_port_start", "sysctl ip_unprivileged_port_start"},
		{"/proc/sys/kernel/shmmax", "sysctl shmmax"},
		{"/proc/keys", "keys"},
		{"/proc/sysvipc/shm", "sysvipc shm"},
		{"/proc/sysvipc/sem", "sysvipc sem"},
		{"/proc/sysvipc/msg", "sysvipc msg"},
	};
	char directory[PATH_MAX];
	ids();
	status();
	inherited();
	namespaces();
	for (size_t i = 0; i < COUNT(files); i++) lines_of(files[i].path, files[i].topic);
	for (char **variable = environ; *variable; variable++) fprintf(report, "environment %s\n", *variable);
	fprintf(report, "directory current: %s\n", getcwd(directory, sizeof directory) ? directory : errno_name(errno));
}

void descriptor_facts(void) {
	char path[64], target[PATH_MAX];
	struct stat of;
	DIR *open_ones = opendir("/proc/self/fd");
	struct dirent *entry;
	while (open_ones && (entry = readdir(open_ones))) {
		int descriptor = atoi(entry->d_name);
		if (entry->d_name[0] == '.' || descriptor == dirfd(open_ones)) continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
		ssize_t length = readlink(path, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = 0;
		if (fstat(descriptor, &of) != 0) continue;
		fprintf(report, "descriptor %d: %s, type %06o, flags %o%s\n", descriptor, target, of.st_mode & S_IFMT,
			fcntl(descriptor, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), isatty(descriptor) ? ", a terminal" : "");
	}
	if (open_ones) closedir(open_ones);
}
