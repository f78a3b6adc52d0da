package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;

/** The steps that show some store paths of the host and no others. */
final class StoreSteps {
  private StoreSteps() {}

  /**
   * Mounts store paths on the directories and files of their names, read-only.
   *
   * @param path the store, as seen from inside
   * @param host the host's store
   * @param names of the store paths, without the store
   */
  static void bind(
      List<Step> steps, OldKernel kernel, String path, String host, List<String> names) {
    for (String name : names) {
      steps.add(
          Step.of(
              "mount " + path + "/" + name,
              Syscall.MOUNT,
              text(host + "/" + name),
              text(ROOT + path + "/" + name),
              nothing(),
              flags("MS_BIND", MS_BIND),
              nothing()));
    }
    kernel.protectStorePaths(steps, path, names);
  }
}
