package nixbuildshell.abi;

/**
 * Lists the architectures that have an interpreter, and the flags that differ between them. Both
 * are 64 bits wide and little-endian.
 *
 * <p>Source: {@code include/uapi/asm-generic/fcntl.h} and {@code
 * arch/arm64/include/uapi/asm/fcntl.h}.
 */
public enum Abi {
  X86_64(0x10000, 0x20000),
  AARCH64(0x4000, 0x8000);

  private final int directory;
  private final int noFollow;

  Abi(int directory, int noFollow) {
    this.directory = directory;
    this.noFollow = noFollow;
  }

  /** Returns {@code O_DIRECTORY}. */
  public int directory() {
    return directory;
  }

  /** Returns {@code O_NOFOLLOW}. */
  public int noFollow() {
    return noFollow;
  }
}
