package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.files.NameWatch.Event;
import nixbuildshell.files.NameWatch.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NameWatchTest {
  @TempDir Path temporary;

  /** The kernel keeps so many events, and then tells that it has lost some. */
  @Test
  void aFullQueueIsTold() throws Exception {
    int most;
    // In one read: the kernel gives no second one.
    try (BufferedReader limit =
        Files.newBufferedReader(Path.of("/proc/sys/fs/inotify/max_queued_events"))) {
      most = Integer.parseInt(limit.readLine());
    }
    try (NameWatch watch = Fixture.FILES.watch()) {
      int directory = watch.add(ByteString.of(temporary.toString()), Kind.CHANGED);
      List<Path> both =
          List.of(
              Files.createFile(temporary.resolve("a")), Files.createFile(temporary.resolve("b")));
      for (int i = 0; i <= most; i++) {
        // The kernel merges two alike.
        Files.setPosixFilePermissions(
            both.get(i % 2), PosixFilePermissions.fromString("rw-------"));
      }
      List<Event> events = new ArrayList<>();
      while (events.size() <= most) {
        events.addAll(watch.next());
      }
      assertEquals(new Event(directory, Kind.CHANGED, ByteString.of("b")), events.get(1));
      assertEquals(new Event(-1, Kind.LOST, ByteString.EMPTY), events.get(most));
    }
  }
}
