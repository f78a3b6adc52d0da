package nixbuildshell.view;

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
 * a sandbox. The kernel can refuse later what it has allowed, as another kernel can after a boot;
 * then the answer is forgotten.
 *
 * @param question names the container, the user and the file systems; empty where that is not known
 * @param isKnown whether an earlier run has mounted layers
 */
public record RememberedLayers(Answers answers, Optional<ByteString> question, boolean isKnown) {
  /** Knows nothing. */
  public static final RememberedLayers NONE =
      new RememberedLayers(Answers.NONE, Optional.empty(), false);

  private static final String KIND = "layers";
  private static final ByteString MOUNTED = ByteString.of("mounted");

  /** Returns what is known for a session's directory. */
  public static RememberedLayers of(
      Answers answers, FileSystem files, NixStore store, Identity identity, Session session) {
    try {
      String question =
          namespace(files, "mnt")
              + namespace(files, "user")
              + identity.outsideUid()
              + "\n"
              + session.directory().self().status().device()
              + "\n"
              + store.real();
      ByteString asked = ByteString.of(question);
      boolean known = answers.get(KIND, asked).filter(MOUNTED::equals).isPresent();
      return new RememberedLayers(answers, Optional.of(asked), known);
    } catch (ErrnoException e) {
      return new RememberedLayers(answers, Optional.empty(), false);
    }
  }

  /** Returns a namespace's name; without procfs it is the same for all. */
  private static String namespace(FileSystem files, String type) {
    return files.linkAt(ByteString.of("/proc/self/ns/" + type)).orElse(ByteString.EMPTY).latin1()
        + "\n";
  }

  /** Decides whether layers can be mounted, and tries it where that is not known. */
  public boolean mounts(BooleanSupplier probe) {
    if (isKnown) {
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
