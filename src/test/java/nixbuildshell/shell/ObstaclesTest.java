package nixbuildshell.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.ProgramLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObstaclesTest {
  private static final ProgramLoader LOADER =
      new ProgramLoader(ByteString.of("/lib64/ld.so"), false);

  /** Of all files, {@code ./tool} alone has a loader that is missing. */
  private static List<String> in(boolean offline, String... log) {
    return new Obstacles(
            offline,
            path -> Optional.of(LOADER).filter(any -> path.equals(ByteString.of("./tool"))))
        .in(List.of(log).stream().map(ByteString::of).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "curl: (6) Could not resolve host: example.org",
        "fatal: unable to access 'https://example.org/': Could not resolve host: example.org",
        "wget: unable to resolve host address ‘example.org’: Temporary failure in name resolution",
        "wget: bad address 'example.org'",
        "dial tcp: lookup proxy.golang.org on [::1]:53: read udp [::1]:4: connection refused",
        "error: dns error: failed to lookup address information: Try again",
        "java.net.UnknownHostException: repo.maven.apache.org",
        "npm error request to https://example.org failed, reason: getaddrinfo EAI_AGAIN example.org"
      })
  void aBuildWithoutNetworkThatWantsOneIsTold(String line) {
    String sentence = "the build had no network: Nix gives one to fixed-output derivations alone";
    assertTrue(in(true, "fetching", line, "make: *** [all] Error 1").get(0).startsWith(sentence));
    assertEquals(List.of(), in(false, line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bash: ./tool: No such file or directory",
        "setup: line 125: ./tool: cannot execute: required file not found",
        "sh: ./tool: /usr/bin/env: bad interpreter: No such file or directory",
        "make: ./tool: No such file or directory",
        "FileNotFoundError: [Errno 2] No such file or directory: './tool'",
        "sh: ./tool: not found",
        "env: './tool': No such file or directory",
        "Can't exec \"./tool\": No such file or directory at x line 1.",
        "could not execute process `./tool --flag` (never executed)",
        "Error: spawn ./tool ENOENT"
      })
  void aProgramWithoutItsLoaderIsTold(String line) {
    assertEquals(
        List.of(
            "cannot start ./tool: it is there, but its loader /lib64/ld.so is not in the sandbox."
                + " Try: autoPatchelfHook, or patchelf --set-interpreter"),
        in(false, line));
  }

  @Test
  void aBuildWithoutHomeIsTold() {
    assertEquals(
        List.of(
            "HOME is /homeless-shelter, which is not there and cannot be made."
                + " Try: export HOME=$TMPDIR; retry"),
        in(true, "mkdir: cannot create directory '/homeless-shelter': Permission denied"));
  }

  /** What only looks like an obstacle is none. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "./tool: Permission denied",
        "cat: ./other: No such file or directory",
        "./tool: line 12: /usr/bin/file: No such file or directory",
        "connect to 127.0.0.1: Connection refused",
        "error: No such file or directory"
      })
  void nothingIsGuessed(String line) {
    assertEquals(List.of(), in(true, line));
  }
}
