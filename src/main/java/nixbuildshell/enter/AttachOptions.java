package nixbuildshell.enter;

import java.util.Optional;
import java.util.OptionalLong;
import nixbuildshell.ByteString;

/**
 * Says which build the caller wants to attach to.
 *
 * @param build a hook's ID, or a derivation's path, base name or name; empty for the only one
 * @param pid {@code --pid}: a process of the build
 * @param release whether to end the build instead
 * @param yes whether to enter, without a question, a build that does not wait
 */
public record AttachOptions(
    Optional<ByteString> build, OptionalLong pid, boolean release, boolean yes) {}
