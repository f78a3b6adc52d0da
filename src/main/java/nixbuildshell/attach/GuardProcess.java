package nixbuildshell.attach;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.MemoryFile;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.GuardPlan;

/**
 * Reads what a guard that another tool has started keeps open for the next tool. That is the lease,
 * and a file in memory (memfd_create(2)). The file's name has the hook's words, which a session can
 * remove from the build; its content has the build's filters, which only the tracer can read.
 */
record GuardProcess(ProcessFiles files) {
  private static final String PREFIX = GuardPlan.NAME + ":";
  private static final String LINK = "/memfd:" + PREFIX;
  private static final String DELETED = " (deleted)";
  private static final int DESCRIPTORS = 1024;

  /**
   * Returns the guard with this number. It is of this user's own, and none that the build could
   * have made, which would be in a PID namespace below.
   *
   * @param pid 0 for none
   * @return empty when the process is no guard
   */
  static Optional<GuardProcess> of(long pid) {
    ProcessFiles process = new ProcessFiles(pid);
    ProcessFiles self = new ProcessFiles(ProcessHandle.current().pid());
    boolean guard =
        pid > 0
            && process.text("comm").filter((GuardPlan.NAME + "\n")::equals).isPresent()
            && process.status("NSpid").size() == self.status("NSpid").size()
            && process.status("Uid").equals(self.status("Uid"));
    return guard ? Optional.of(new GuardProcess(process)) : Optional.empty();
  }

  /** Returns the paths of its lease, whose other end a tool may open. */
  List<String> leases() {
    return descriptors("pipe:").map(number -> "/proc/" + files.pid() + "/fd/" + number).toList();
  }

  /** Makes the file in memory. */
  static MemoryFile make(SystemCalls calls, Optional<Pause> pause) {
    String name = PREFIX + pause.map(Pause::toString).orElse("");
    return MemoryFile.of(calls, name, new byte[0]);
  }

  /** Writes the filters to it: the number of bytes of each, then its bytes. */
  static void write(MemoryFile memory, List<ByteString> filters) {
    for (ByteString filter : filters) {
      ByteBuffer bytes = ByteBuffer.allocate(4 + filter.length()).order(ByteOrder.LITTLE_ENDIAN);
      memory.append(bytes.putInt(filter.length()).put(filter.bytes()).array());
    }
  }

  /** Returns the pause that the guard keeps of its build; empty when there was none. */
  Optional<Pause> pause() {
    return find()
        .flatMap(number -> files.link("fd/" + number))
        .map(link -> link.substring(LINK.length(), link.length() - DELETED.length()))
        .flatMap(Pause::parse);
  }

  /** Returns the filters that the guard keeps. */
  List<ByteString> filters() {
    ByteBuffer content =
        ByteBuffer.wrap(
                find()
                    .flatMap(number -> files.text("fd/" + number))
                    .orElse("")
                    .getBytes(StandardCharsets.ISO_8859_1))
            .order(ByteOrder.LITTLE_ENDIAN);
    List<ByteString> filters = new ArrayList<>();
    while (content.remaining() > 4) {
      byte[] filter = new byte[content.getInt()];
      content.get(filter);
      filters.add(ByteString.of(filter));
    }
    return filters;
  }

  private Optional<Integer> find() {
    return descriptors(LINK).findFirst();
  }

  /** Lists the guard's descriptors whose link begins so. */
  private Stream<Integer> descriptors(String link) {
    return IntStream.range(0, DESCRIPTORS)
        .boxed()
        .filter(number -> files.link("fd/" + number).filter(it -> it.startsWith(link)).isPresent());
  }
}
