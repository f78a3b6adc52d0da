package nixbuildshell.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.session.Session;
import nixbuildshell.store.NixStore;

/**
 * Remembers that a sandbox could mount layers: to try it takes a process, as long as the launch of
 * a sandbox. The kernel can refuse later what it has allowed; then the answer is forgotten.
 *
 * @param question names the boot, the container, the user and the file systems; empty where that is
 *     not known
 */
public record RememberedLayers(Answers answers, Optional<ByteString> question) {
  /** Knows nothing. */
  public static final RememberedLayers NONE = new RememberedLayers(Answers.NONE, Optional.empty());

  private static final String KIND = "layers";
  private static final ByteString MOUNTED = ByteString.of("mounted");

  /** Returns what is known for a session's directory. */
  public static RememberedLayers of(
      Answers answers, FileSystem files, NixStore store, Identity identity, Session session) {
    try {
      String question =
          Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
              + namespace(files, "mnt")
              + namespace(files, "user")
              + identity.outsideUid()
              + "\n"
              + session.directory().self().status().device()
              + "\n"
              + store.real();
      return new RememberedLayers(answers, Optional.of(ByteString.of(question)));
    } catch (IOException | ErrnoException e) {
      return new RememberedLayers(answers, Optional.empty());
    }
  }

  private static String namespace(FileSystem files, String type) throws IOException {
    return files
            .linkAt(ByteString.of("/proc/self/ns/" + type))
            .orElseThrow(() -> new IOException("no namespaces"))
            .latin1()
        + "\n";
  }

  /** Decides whether an earlier run has mounted layers. */
  public boolean isKnown() {
    return question.flatMap(it -> answers.get(KIND, it)).filter(MOUNTED::equals).isPresent();
  }

  /** Decides whether layers can be mounted, and tries it where that is not known. */
  public boolean mounts(BooleanSupplier probe) {
    if (isKnown()) {
      return true;
    }
    boolean mounts = probe.getAsBoolean();
    if (mounts) {
      question.ifPresent(it -> answers.put(KIND, it, MOUNTED));
    }
    return mounts;
  }

  /** Forgets the answer, which is wrong. */
  public void forget() {
    question.ifPresent(it -> answers.put(KIND, it, ByteString.EMPTY));
  }
}
