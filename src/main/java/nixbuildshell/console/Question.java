package nixbuildshell.console;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import nixbuildshell.Failure;

/** Asks the caller on the terminal. */
public record Question(Messages messages) {
  /** Returns the caller's line, without blanks around it; an empty line for the end of input. */
  public String ask(String question) {
    messages.stream().print("nix-build-shell: " + question);
    messages.stream().flush();
    StringBuilder line = new StringBuilder();
    // Byte by byte, unbuffered: what comes after the line is the shell's.
    InputStream in = new FileInputStream(FileDescriptor.in);
    try {
      for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
        line.append((char) next);
      }
    } catch (IOException e) {
      throw new Failure("cannot read the answer", e.getMessage(), "", e);
    }
    return line.toString().strip();
  }

  /** Decides whether the caller says yes. */
  public boolean agrees(String question) {
    return ask(question + " [y/N] ").matches("[yY]([eE][sS])?");
  }
}
