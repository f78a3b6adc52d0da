package nixbuildshell.cli;

import nixbuildshell.linux.Kernels;
import nixbuildshell.linux.SystemCalls;
import nixbuildshell.plan.Syscall;

public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.out.println(new SystemCalls(Kernels.best()).call(Syscall.GETPID));
  }
}
