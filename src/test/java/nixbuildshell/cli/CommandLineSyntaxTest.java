package nixbuildshell.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.enter.Options;
import nixbuildshell.sandbox.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class CommandLineSyntaxTest {

  private static Options parse(String... words) {
    CommandLineSyntax syntax = new CommandLineSyntax();
    CommandLine parser = CommandLineSyntax.parser(syntax);
    parser.parseArgs(words);
    return syntax.options(parser);
  }

  private static List<ByteString> bytes(String... latin1) {
    return List.of(latin1).stream().map(ByteString::new).toList();
  }

  @Test
  void optionsAfterTheDirectoryBelongToTheCommand() {
    Options options = parse("-v", "--work-dir", "/w", "D", "ls", "-la", "--help", "-v", "--drv=x");
    assertEquals(bytes("ls", "-la", "--help", "-v", "--drv=x"), options.command());
    assertEquals(1, options.verbosity());
    assertEquals("/w", options.workDirectory().orElseThrow().latin1());
    assertEquals("D", options.directory().latin1());
  }

  @Test
  void theCommandMayFollowADelimiter() {
    assertEquals(bytes("-x", "--", "y"), parse("D", "--", "-x", "--", "y").command());
    assertEquals(bytes("-x"), parse("--", "D", "-x").command());
  }

  @Test
  void everyByteOfAnArgumentSurvives() {
    String odd = "\u00ff\u0001\n\"'$ {x} ${sys:user.name} @|bold x|@";
    assertEquals(bytes(odd, "", "@/etc/passwd"), parse("D", odd, "", "@/etc/passwd").command());
  }

  @Test
  void sandboxPathsAddUp() {
    Options options =
        parse("--sandbox-path", "/a=/b", "--sandbox-path=/c d", "D", "--sandbox-path=x");
    assertEquals(bytes("/a=/b", "/c d"), options.sandboxPaths());
    assertEquals(bytes("--sandbox-path=x"), options.command());
  }

  @Test
  void verbosityCounts() {
    assertEquals(2, parse("-vv", "D").verbosity());
    assertEquals(2, parse("-v", "--verbose", "D").verbosity());
  }

  @Test
  void theNetworkIsTheHostsOrNone() {
    assertEquals(Optional.empty(), parse("D", "--network=host").network());
    assertEquals(Optional.of(Network.HOST), parse("--network=host", "D").network());
    assertEquals(Optional.of(Network.LOOPBACK), parse("--network", "none", "D").network());
  }

  @ParameterizedTest
  @CsvSource({
    "'', DIR is missing",
    "-v, DIR is missing",
    "--nonsense D, '--nonsense'",
    "--nonsense, '--nonsense'",
    "-x D, '-x'",
    "--drv, '--drv'",
    "--network, '--network'",
    "--network=some D, 'some'",
    "--network HOST D, 'HOST'"
  })
  void aWrongCommandLineIsRefusedAndTheCulpritNamed(String line, String named) {
    String[] words = line.isEmpty() ? new String[0] : line.split(" ");
    ParameterException refused = assertThrows(ParameterException.class, () -> parse(words));
    assertTrue(refused.getMessage().contains(named.replace("'", "")), refused.getMessage());
  }
}
