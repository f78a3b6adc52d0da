package nixbuildshell.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import nixbuildshell.Failure;
import org.junit.jupiter.api.Test;

class MessagesTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private Messages messages(boolean colour, int verbosity) {
    return new Messages(new PrintStream(err, true), colour, verbosity);
  }

  @Test
  void aLineBeginsWithTheName() {
    messages(false, 0).note("text");
    assertEquals("nix-build-shell: text\n", err.toString());
  }

  @Test
  void detailsNeedVerbosity() {
    messages(false, 0).detail("text");
    assertEquals("", err.toString());
    messages(false, 1).detail("text");
    assertEquals("nix-build-shell: text\n", err.toString());
  }

  @Test
  void nothingSteersTheTerminal() {
    messages(false, 0).note("a\033[31m\nb\u202ec\u009b");
    assertEquals("nix-build-shell: a?[31m?b?c?\n", err.toString());
  }

  @Test
  void aFailureHasAReasonAndARemedy() {
    messages(false, 0).failure(new Failure("cannot read /x", "EACCES", "sudo"));
    messages(true, 0).failure(new Failure("cannot read /x", "EACCES", ""));
    assertEquals(
        "nix-build-shell: cannot read /x: EACCES. Try: sudo\n"
            + "nix-build-shell: \033[31mcannot read /x: EACCES\033[0m\n",
        err.toString());
  }

  @Test
  void aTraceNeedsMoreVerbosity() {
    messages(false, 1).defect(new IllegalStateException("x"));
    assertEquals(1, err.toString().lines().count());
    messages(false, 2).defect(new IllegalStateException("x"));
    assertTrue(err.toString().lines().count() > 3, err.toString());
  }
}
