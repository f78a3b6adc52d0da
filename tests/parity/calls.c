/* What system calls answer. Each is made by a child, so that none disturbs another. */
#include "probe.h"
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* A file and a directory to do things to, in the current directory; also a string below 4 GB. */
static const char file[] = ".probe-file", directory[] = ".probe-directory";
static char *low;
static int descriptor;

static const char *mode_of(const char *path) {
	static char text[16];
	struct stat of;
	if (stat(path, &of) != 0) return errno_name(errno);
	snprintf(text, sizeof text, "mode %04o", of.st_mode & 07777);
	return text;
}

static void begin(void) {
	unlink(file);
	rmdir(directory);
	descriptor = open(file, O_CREAT | O_RDWR, 0600);
	if (descriptor < 0 || mkdir(directory, 0700) != 0) fprintf(report, "part calls: %s\n", errno_name(errno));
}

/* CALL(NAME, EXPRESSION): the expression's outcome, in a child; what root mounts there the next one does not see. */
#define CALL(name, ...)                                              \
	do {                                                             \
		begin();                                                     \
		fflush(report);                                              \
		pid_t child = fork();                                        \
		if (child == 0) {                                            \
			alarm(5);                                                \
			if (getuid() == 0) unshare(CLONE_NEWNS);                 \
			long result = (__VA_ARGS__);                             \
			fprintf(report, "call %s: %s\n", name, outcome(result)); \
			fflush(report);                                          \
			_exit(0);                                                \
		}                                                            \
		finish(name, child);                                         \
	} while (0)

static void finish(const char *name, pid_t child) {
	int status;
	if (waitpid(child, &status, 0) != child || status != 0) fprintf(report, "call %s: status %#x\n", name, status);
	close(descriptor);
	chmod(file, 0600);
	unlink(file);
	rmdir(directory);
}

static void set_ids(void) {
	static const struct {
		const char *name;
		mode_t mode;
	} modes[] = {{"4755", 04755}, {"2755", 02755}, {"1755", 01755}};
	char name[64];
	for (size_t i = 0; i < COUNT(modes); i++) {
		mode_t mode = modes[i].mode;
#define NAMED(call) (snprintf(name, sizeof name, call " %s", modes[i].name), name)
		CALL(NAMED("chmod"), chmod(file, mode));
		CALL(NAMED("fchmod"), fchmod(descriptor, mode));
		CALL(NAMED("fchmodat"), syscall(SYS_fchmodat, AT_FDCWD, file, mode));
		CALL(NAMED("fchmodat2"), syscall(452, AT_FDCWD, file, mode, 0));
		CALL(NAMED("chmod directory"), chmod(directory, mode));
		begin();
		close(open(".probe-made", O_CREAT | O_WRONLY, mode));
		fprintf(report, "call %s: %s\n", NAMED("creat"), mode_of(".probe-made"));
		unlink(".probe-made");
		mknod(".probe-made", S_IFREG | mode, 0);
		fprintf(report, "call %s: %s\n", NAMED("mknod"), mode_of(".probe-made"));
		unlink(".probe-made");
		mkdir(".probe-made", mode);
		fprintf(report, "call %s: %s\n", NAMED("mkdir"), mode_of(".probe-made"));
		rmdir(".probe-made");
#undef NAMED
	}
}

static void attributes(void) {
	char value[64] = "v";
	CALL("setxattr", setxattr(file, "user.probe", value, 1, 0));
	CALL("lsetxattr", lsetxattr(file, "user.probe", value, 1, 0));
	CALL("fsetxattr", fsetxattr(descriptor, "user.probe", value, 1, 0));
	CALL("setxattr trusted", setxattr(file, "trusted.probe", value, 1, 0));
	CALL("setxattr acl", setxattr(file, "system.posix_acl_access", value, 1, 0));
	CALL("getxattr", getxattr(file, "user.probe", value, sizeof value));
	CALL("lgetxattr", lgetxattr(file, "user.probe", value, sizeof value));
	CALL("fgetxattr", fgetxattr(descriptor, "user.probe", value, sizeof value));
	CALL("listxattr", listxattr(file, value, sizeof value));
	CALL("llistxattr", llistxattr(file, value, sizeof value));
	CALL("flistxattr", flistxattr(descriptor, value, sizeof value));
	CALL("removexattr", removexattr(file, "user.probe"));
	CALL("lremovexattr", lremovexattr(file, "user.probe"));
	CALL("fremovexattr", fremovexattr(descriptor, "user.probe"));
	CALL("setxattrat", syscall(463, AT_FDCWD, file, 0, "user.probe", NULL, 0));
	CALL("getxattrat", syscall(464, AT_FDCWD, file, 0, "user.probe", NULL, 0));
	CALL("listxattrat", syscall(465, AT_FDCWD, file, 0, value, sizeof value));
}

static void files(void) {
	CALL("mknod null", mknod(".probe-made", S_IFCHR | 0666, makedev(1, 3)));
	CALL("mknod block", mknod(".probe-made", S_IFBLK | 0666, makedev(8, 0)));
	CALL("mknod fifo", mknod(".probe-made", S_IFIFO | 0600, 0) ? -1 : unlink(".probe-made"));
	CALL("chown root", chown(file, 0, 0));
	CALL("chown nobody", chown(file, 65534, 65534));
	CALL("rename to /tmp", rename(file, "/tmp/.probe") ? -1 : unlink("/tmp/.probe"));
	CALL("rename to store", rename(file, "/nix/store/.probe") ? -1 : unlink("/nix/store/.probe"));
	CALL("link to /tmp", link(file, "/tmp/.probe") ? -1 : unlink("/tmp/.probe"));
	CALL("link to store", link(file, "/nix/store/.probe") ? -1 : unlink("/nix/store/.probe"));
	CALL("chmod /", chmod("/", 0755));
	CALL("chmod /etc", chmod("/etc", 0755));
	CALL("chmod /dev", chmod("/dev", 0755));
	CALL("chmod /dev/shm", chmod("/dev/shm", 01777));
	CALL("chmod /tmp", chmod("/tmp", 01777));
	CALL("chmod /nix", chmod("/nix", 0755));
	CALL("chmod /nix/store", chmod("/nix/store", 01775));
	CALL("chmod /etc/hosts", chmod("/etc/hosts", 0644));
	CALL("unlink /etc/hosts", unlink("/etc/hosts"));
	CALL("make output", mkdir(getenv("out"), 0755) ? -1 : rmdir(getenv("out")));
	CALL("openat tmpfile", syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600));
	CALL("memfd_create", memfd_create("probe", 0));
	CALL("name_to_handle_at", syscall(SYS_name_to_handle_at, AT_FDCWD, file, &(int[40]){128}, &(int){0}, 0));
	CALL("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, &(int[40]){0}, 0));
}

/* Of a store path the mount, and then the files. */
static long written_to_store(void) {
	char path[4096] = "";
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) return -1;
	*strrchr(path, '/') = 0;
	*strrchr(path, '/') = 0;
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL) != 0) return -1;
	return open(strcat(path, "/.probe"), O_CREAT | O_WRONLY, 0600);
}

static void privileges(void) {
	CALL("make a store path writable", written_to_store());
	CALL("mount tmpfs", mount("none", "/tmp", "tmpfs", 0, NULL));
	CALL("mount bind", mount("/tmp", directory, NULL, MS_BIND, NULL));
	CALL("mount remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
	CALL("umount", umount2("/dev/shm", MNT_DETACH));
	CALL("open_tree", syscall(428, AT_FDCWD, "/", 0));
	CALL("open_tree clone", syscall(428, AT_FDCWD, "/", 1));
	CALL("fsopen", syscall(430, "tmpfs", 0));
	CALL("pivot_root", syscall(SYS_pivot_root, ".", "."));
	CALL("chroot", chroot("."));
	CALL("sethostname", sethostname("probe", 5));
	CALL("setuid 0", setuid(0));
	CALL("setuid 65534", setuid(65534));
	CALL("setgid 0", setgid(0));
	CALL("setgroups", syscall(SYS_setgroups, 0, NULL));
	CALL("setgroups own", syscall(SYS_setgroups, 1, &(gid_t){100}));
	CALL("capbset drop", prctl(PR_CAPBSET_DROP, 0));
	CALL("ambient raise", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0));
	CALL("personality no randomize off", personality(0));
	CALL("personality 32 bit", personality(8));
	CALL("nice -1", setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) - 1));
	CALL("core limit", setrlimit(RLIMIT_CORE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}));
	CALL("kill 1", kill(1, 0));
	CALL("keyctl session", syscall(SYS_keyctl, 1, NULL));
	CALL("keyctl get session", syscall(SYS_keyctl, 0, -3, 0));
	CALL("keyctl get user", syscall(SYS_keyctl, 0, -4, 0));
	CALL("keyctl search", syscall(SYS_keyctl, 10, -3, "user", "probe", 0));
	CALL("add_key", syscall(SYS_add_key, "user", "probe", "v", 1, -2));
	CALL("bpf", syscall(SYS_bpf, 0, NULL, 0));
	CALL("perf_event_open", syscall(SYS_perf_event_open, &(int[32]){1, 128}, 0, -1, -1, 0));
	CALL("userfaultfd", syscall(SYS_userfaultfd, 0));
	CALL("io_uring_setup", syscall(425, 1, &(char[120]){0}));
	CALL("seccomp strict mode known", syscall(SYS_seccomp, 2, 0, &(uint32_t){0x7fff0000}));
	CALL("landlock", syscall(444, NULL, 0, 1));
	CALL("syslog", syscall(SYS_syslog, 3, &(char[16]){0}, 16));
	CALL("quotactl", syscall(SYS_quotactl, 0x800001, NULL, 0, NULL));
	CALL("fanotify_init", syscall(SYS_fanotify_init, 0, 0));
	CALL("mlock", mlock(low, 4096));
	CALL("sched fifo", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &(int){1}));
	CALL("clone3 without arguments", syscall(435, NULL, 0));
}

static void new_namespaces(void) {
	static const struct {
		const char *name;
		int flag;
	} kinds[] = {
		{"user", CLONE_NEWUSER},
		{"mount", CLONE_NEWNS},
		{"network", CLONE_NEWNET},
		{"pid", CLONE_NEWPID},
		{"ipc", CLONE_NEWIPC},
		{"uts", CLONE_NEWUTS},
		{"cgroup", CLONE_NEWCGROUP},
		{"time", 0x80},
		{"user and mount", CLONE_NEWUSER | CLONE_NEWNS},
		{"user and network", CLONE_NEWUSER | CLONE_NEWNET},
	};
	char name[64];
	for (size_t i = 0; i < COUNT(kinds); i++) {
		snprintf(name, sizeof name, "unshare %s", kinds[i].name);
		CALL(name, unshare(kinds[i].flag));
	}
	CALL("unshare, then mount", unshare(CLONE_NEWUSER | CLONE_NEWNS) ? -1 : mount("none", "/tmp", "tmpfs", 0, NULL));
	CALL("unshare, then proc", unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)
		? -1
		: mount("none", "/proc", "proc", 0, NULL));
}

static long traced_child(void) {
	int status;
	pid_t child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(errno);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status)) return errno = WEXITSTATUS(status), -1;
	long peeked = ptrace(PTRACE_PEEKDATA, child, &descriptor, 0);
	ptrace(PTRACE_KILL, child, 0, 0);
	return peeked == -1 ? -1 : 0;
}

static long attached_child(void) {
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	long result = ptrace(PTRACE_ATTACH, child, 0, 0);
	int error = errno;
	kill(child, SIGKILL);
	errno = error;
	return result;
}

static void others(void) {
	CALL("ptrace a child", traced_child());
	CALL("ptrace attach to a child", attached_child());
	CALL("ptrace seize 1", ptrace(0x4206 /* PTRACE_SEIZE: does not stop it */, 1, 0, 0));
	CALL("open memory of 1", open("/proc/1/mem", O_RDWR));
	CALL("open root of 1", open("/proc/1/root", O_RDONLY));
	CALL("write oom_score_adj", write(open("/proc/self/oom_score_adj", O_WRONLY), "500", 3));
	CALL("write hostname", open("/proc/sys/kernel/hostname", O_WRONLY));
	CALL("write core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY));
	CALL("write ping_group_range", open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY));
	CALL("read kcore", open("/proc/kcore", O_RDONLY));
	CALL("write sysrq-trigger", open("/proc/sysrq-trigger", O_WRONLY));
}

static int terminal(void) {
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), zero = 0;
	if (master < 0) return -1;
	if (ioctl(master, TIOCSPTLCK, &zero) != 0) return -1;
	return ioctl(master, 0x5441 /* TIOCGPTPEER */, O_RDWR | O_NOCTTY);
}

static long to_terminal(unsigned long request, void *argument, int own) {
	int slave = terminal();
	if (slave < 0) return -1;
	if (own && (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) != 0)) return -1;
	return ioctl(slave, request, argument);
}

static void terminals(void) {
	CALL("new terminal", terminal());
	CALL("new terminal, attributes", to_terminal(TCGETS, &(char[256]){0}, 0));
	CALL("TIOCSTI", to_terminal(TIOCSTI, "x", 0));
	CALL("TIOCSTI to the own terminal", to_terminal(TIOCSTI, "x", 1));
	CALL("TIOCLINUX", to_terminal(TIOCLINUX, "\3", 0));
	CALL("TIOCSTI to stdin", ioctl(0, TIOCSTI, "x"));
	CALL("TIOCLINUX to stdin", ioctl(0, TIOCLINUX, "\3"));
}

#if defined __x86_64__ && ABIS > 2
/* A call of the i386 ABI. */
static long compat(long number, long a, long b, long c) {
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	if (result < 0) return errno = -(int)result, -1;
	return result;
}

static void i386_calls(void) {
	long path = (long)low, name = (long)(low + 64), value = (long)(low + 96);
	strcpy(low, file);
	strcpy(low + 64, "user.probe");
	strcpy(low + 96, "v");
	CALL("i386 getpid", compat(20, 0, 0, 0));
	CALL("i386 chmod 755", compat(15, path, 0755, 0));
	CALL("i386 chmod 4755", compat(15, path, 04755, 0));
	CALL("i386 fchmod 2755", compat(94, descriptor, 02755, 0));
	CALL("i386 fchmodat 4755", compat(306, AT_FDCWD, path, 04755));
	CALL("i386 fchmodat2 4755", compat(452, AT_FDCWD, path, 04755));
	CALL("i386 setxattr", compat(226, path, name, value));
	CALL("i386 getxattr", compat(229, path, name, value));
	CALL("i386 listxattr", compat(232, path, value, 16));
	CALL("i386 ioctl TIOCSTI", compat(54, 0, TIOCSTI, value));
	CALL("i386 ioctl TIOCLINUX", compat(54, 0, TIOCLINUX, value));
}
#endif

#ifdef __x86_64__
static void x32_calls(void) {
	CALL("x32 getpid", syscall(0x40000000 | SYS_getpid));
	CALL("x32 chmod 755", syscall(0x40000000 | SYS_chmod, file, 0755));
	CALL("x32 chmod 4755", syscall(0x40000000 | SYS_chmod, file, 04755));
	CALL("x32 fchmodat2 4755", syscall(0x40000000 | 452, AT_FDCWD, file, 04755, 0));
	CALL("x32 setxattr", syscall(0x40000000 | SYS_setxattr, file, "user.probe", "v", 1, 0));
	CALL("x32 ioctl TIOCSTI", syscall(0x40000000 | 514, 0, TIOCSTI, "x"));
}
#endif

void call_facts(void) {
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | 0x40 /* MAP_32BIT */, -1, 0);
	set_ids();
	attributes();
	files();
	privileges();
	new_namespaces();
	others();
	terminals();
#if defined __x86_64__ && ABIS > 2
	i386_calls();
#endif
#ifdef __x86_64__
	x32_calls();
#endif
}
