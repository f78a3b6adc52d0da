package nixbuildshell.abi;

import java.util.Locale;

/**
 * Lists the system calls that this project makes or filters, with their numbers on x86_64 and
 * aarch64. Filtered calls have their numbers on i386 and 32-bit Arm, too. The project makes only
 * calls that both architectures have (aarch64 has no {@code open}, {@code mkdir} or {@code dup2}).
 *
 * <p>Source: the kernel's {@code arch/x86/entry/syscalls/syscall_*.tbl}, {@code
 * include/uapi/asm-generic/unistd.h} and {@code arch/arm/tools/syscall.tbl}.
 */
public enum Syscall {
  CHDIR(80, 49),
  CHMOD(90, -1, 15, 15),
  CLONE(56, 220),
  CLOSE(3, 57),
  CLOSE_RANGE(436, 436),
  COPY_FILE_RANGE(326, 285),
  DUP3(292, 24),
  EPOLL_CREATE1(291, 20),
  EPOLL_CTL(233, 21),
  EPOLL_PWAIT(281, 22),
  EXECVE(59, 221),
  EXECVEAT(322, 281),
  EXIT_GROUP(231, 94),
  FCHDIR(81, 50),
  FCHMOD(91, 52, 94, 94),
  FCHMODAT(268, 53, 306, 333),
  FCHMODAT2(452, 452, 452, 452),
  FCHOWN(93, 55),
  FCHOWNAT(260, 54),
  FCNTL(72, 25),
  FGETXATTR(193, 10, 231, 231),
  FLISTXATTR(196, 13),
  FLOCK(73, 32),
  FSETXATTR(190, 7, 228, 228),
  FSTATFS(138, 44),
  FTRUNCATE(77, 46),
  GETDENTS64(217, 61),
  GETEGID(108, 177),
  GETEUID(107, 175),
  GETPGID(121, 155),
  GETPID(39, 172),
  GETXATTR(191, 8, 229, 229),
  INOTIFY_ADD_WATCH(254, 27),
  INOTIFY_INIT1(294, 26),
  INOTIFY_RM_WATCH(255, 28),
  IOCTL(16, 29, 54, 54),
  KEYCTL(250, 219),
  KILL(62, 129),
  LANDLOCK_CREATE_RULESET(444, 444),
  LANDLOCK_RESTRICT_SELF(446, 446),
  LGETXATTR(192, 9, 230, 230),
  LINKAT(265, 37),
  LSEEK(8, 62),
  LSETXATTR(189, 6, 227, 227),
  MEMFD_CREATE(319, 279),
  MKDIRAT(258, 34),
  MKNODAT(259, 33),
  MMAP(9, 222),
  MOUNT(165, 40),
  MOUNT_SETATTR(442, 442),
  MOVE_MOUNT(429, 429),
  MPROTECT(10, 226),
  MUNMAP(11, 215),
  OPENAT(257, 56),
  OPEN_TREE(428, 428),
  PERSONALITY(135, 92),
  PIDFD_GETFD(438, 438),
  PIDFD_OPEN(434, 434),
  PIDFD_SEND_SIGNAL(424, 424),
  PIPE2(293, 59),
  PIVOT_ROOT(155, 41),
  PPOLL(271, 73),
  PRCTL(157, 167),
  PRLIMIT64(302, 261),
  PTRACE(101, 117),
  READ(0, 63),
  READLINKAT(267, 78),
  RECVMSG(47, 212),
  RENAMEAT2(316, 276),
  RT_SIGACTION(13, 134),
  RT_SIGPROCMASK(14, 135),
  SECCOMP(317, 277),
  SENDMSG(46, 211),
  SETDOMAINNAME(171, 162),
  SETGROUPS(116, 159),
  SETHOSTNAME(170, 161),
  SETNS(308, 268),
  SETPGID(109, 154),
  SETRESGID(119, 149),
  SETRESUID(117, 147),
  SETSID(112, 157),
  SETXATTR(188, 5, 226, 226),
  SIGNALFD4(289, 74),
  SOCKET(41, 198),
  SOCKETPAIR(53, 199),
  SPLICE(275, 76),
  STATX(332, 291),
  SYMLINKAT(266, 36),
  TGKILL(234, 131),
  UMASK(95, 166),
  UMOUNT2(166, 39),
  UNLINKAT(263, 35),
  UNSHARE(272, 97),
  UTIMENSAT(280, 88),
  WAIT4(61, 260),
  WAITID(247, 95),
  WRITE(1, 64);

  /** Marks a call that an ABI does not have. */
  static final int ABSENT = -1;

  /** Marks a call that nothing filters. */
  static final int UNLISTED = -2;

  final int x86_64;
  final int aarch64;
  final int i386;
  final int arm;

  Syscall(int x86_64, int aarch64) {
    this(x86_64, aarch64, UNLISTED, UNLISTED);
  }

  Syscall(int x86_64, int aarch64, int i386, int arm) {
    this.x86_64 = x86_64;
    this.aarch64 = aarch64;
    this.i386 = i386;
    this.arm = arm;
  }

  /**
   * Returns the call's number on an architecture.
   *
   * @throws IllegalArgumentException when the architecture does not have the call
   */
  public int number(Abi abi) {
    int number = abi == Abi.X86_64 ? x86_64 : aarch64;
    if (number == ABSENT) {
      throw new IllegalArgumentException(abi + " has no " + this);
    }
    return number;
  }

  /** Returns the name as strace prints it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
