package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.Malformed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pairs directories and logs, those of real builds and made ones. */
class PairingTest {
  private static final String HASH = "zzj5294g60g2z6jrpn3rdarka26p6aa9-";

  /** What real builds left: the directories, the names of their derivations, and all logs. */
  private record Measured(
      List<KeptTimes> directories,
      List<String> names,
      List<Pairing.Log> logs,
      Set<StorePath> valid) {}

  /**
   * Measured with Nix 2.34.8 on an overloaded machine: four clients with {@code -j 4 --keep-going},
   * builds of equal length, or builds of which each second succeeds.
   */
  @ParameterizedTest
  @CsvSource({"pairing-equal-lengths.txt, 90", "pairing-half-succeed.txt, 75"})
  void noRealDirectoryGetsAnotherBuildsLog(String resource, int certain) throws Exception {
    Measured measured = measured(resource);
    int told = 0;
    List<StorePath> asked = new ArrayList<>();
    List<Pairing.Verdict> all =
        Pairing.ofAll(
            measured.directories,
            measured.logs,
            derivation -> asked.add(derivation) && measured.valid.contains(derivation));
    assertEquals(new HashSet<>(asked).size(), asked.size(), "each is asked about once");
    for (int i = 0; i < measured.directories.size(); i++) {
      List<KeptTimes> others = new ArrayList<>(measured.directories);
      Pairing.Verdict verdict =
          Pairing.of(others.remove(i), others, measured.logs, measured.valid::contains);
      assertEquals(verdict, all.get(i));
      if (verdict instanceof Pairing.Certain sure) {
        assertEquals(measured.names.get(i) + ".drv", sure.log().derivation().name());
        told++;
      } else {
        assertTrue(
            ((Pairing.Open) verdict)
                .candidates().stream()
                    .map(log -> log.derivation().name())
                    .toList()
                    .contains(measured.names.get(i) + ".drv"),
            verdict.toString());
      }
    }
    assertTrue(told >= certain, "only " + told + " told");
  }

  private static Measured measured(String resource) throws IOException, Malformed {
    Measured measured =
        new Measured(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new HashSet<>());
    try (InputStream in = PairingTest.class.getResourceAsStream(resource)) {
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      for (String line : text.lines().toList()) {
        String[] word = line.split(" ");
        if (word[0].equals("directory")) {
          Long worker = Long.valueOf(word[1].split("-")[1]);
          measured.directories.add(
              new KeptTimes(
                  line,
                  Optional.empty(),
                  Optional.of(worker),
                  Optional.of(at(word[2])),
                  at(word[3])));
          measured.names.add(word[4]);
        } else {
          StorePath derivation = StorePath.ofBaseName(word[1]);
          measured.logs.add(new Pairing.Log(derivation, Optional.of(at(word[2])), at(word[3])));
          if (word[4].equals("valid")) {
            measured.valid.add(derivation);
          }
        }
      }
    }
    return measured;
  }

  private static Instant at(String milliseconds) {
    BigDecimal nanoseconds = new BigDecimal(milliseconds).movePointRight(6);
    return Instant.EPOCH.plusNanos(nanoseconds.longValueExact());
  }

  /**
   * Made times, in milliseconds. A directory is BIRTH+CTIME, a log NAME:BIRTH+END (a {@code !}
   * marks a success); the first directory is the one in question, and {@code ?} an unknown birth.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        // The log's birth follows the directory's; its end precedes the ctime.
        "10000+12040                  | a:10010+12000                 | a",
        // A neighbour that ends within the same second, and one that another failure killed.
        "10000+12040 10020+12900      | a:10010+12000 b:10030+12890   | a",
        "10000+12040 10015+12044      | a:10010+12000 b:10025+12090   | a",
        // Crossed times of two clients: only a pairing of all of them tells.
        "10000+12040 9995+13040       | a:10010+12000 b:10002+13000   | a",
        // Equal in sum: open.
        "10000+12040 10002+12044      | a:10010+12000 b:10011+12000   | open a b",
        // A successful neighbour leaves a log and no directory.
        "10000+12040                  | a:10090+12000 b:10010+11990!  | a",
        "10000+12040                  | a:10010+12000 b:10012+12020!  | a",
        // A refused output beside a success, whose times fit better.
        "10000+12040                  | a:10010+11050 b:10012+12020!  | a",
        "10000+12040                  | b:10012+12020!                | open b",
        // Measured with 2.8: 60 MB were hashed for 3.6 s beside a build that was then checked.
        "10000+14332                  | a:10016+10732 b:10809+14974   | a",
        // Measured with 2.26 on a busy machine: a killed sibling's log was closed after a second.
        "10585+15481 10595+14370      | a:10613+16559 b:10609+14353   | open a",
        // So could another build's that began just after a copy was made.
        "10000+10000                  | a:10100+11900                 | open a",
        // A rebuild reuses the log: its birth is old.
        "90000+92040                  | a:10010+92000                 | a",
        "90000+92040                  | a:10010+91500                 | open a",
        // A second failure has overwritten the log of the first.
        "10000+12040 90000+92040      | a:10010+92000                 | a overwritten",
        "90000+92040 10000+12040      | a:10010+92000                 | a",
        // The same in a script, within a second.
        "10000+10050 10300+10400      | a:10007+10390                 | a overwritten",
        "10300+10400 10000+10050      | a:10007+10390                 | a",
        // The second one succeeded.
        "10000+12040                  | a:10010+92000!                | a overwritten",
        // A neighbour that runs longer than the directory in question.
        "10000+12040 10015+52040      | a:10010+12000 b:10025+52000   | a",
        // One that has no directory, as it succeeded, or as it was removed.
        "10000+12300                  | a:10100+12080 b:10012+19000!  | a",
        "10000+12900                  | a:10100+12080 b:10012+19000   | a",
        // One that still runs: its directory is not changed yet.
        "10000+12040 10015+10020      | a:10010+12000 b:10025+52000   | a",
        // A refused output: the log ended long before, by the time of hashing.
        "10000+55040 10010+13000      | a:10010+12000 b:10025+12990   | a",
        "10000+55040                  | a:10010+12000!                | open a",
        // A copied directory is younger than its log.
        "70000+70500 60000+70440      | a:10010+12000 b:10025+70400   | unknown",
        "70000+70500                  | a:10010+12000                 | unknown",
        // A moved one keeps its birth.
        "10000+99000                  | a:10010+12000 b:11500+12000   | a",
        // A file system without births: by the ends alone.
        "?+12040 ?+14040              | a:?+12000 b:?+14000           | a",
        "?+12040 ?+12050              | a:?+12000 b:?+12010           | open b a",
      })
  void madeTimes(String directories, String logs, String expected) throws Exception {
    List<KeptTimes> others = new ArrayList<>();
    for (String directory : directories.trim().split(" +")) {
      String[] times = directory.split("\\+");
      others.add(
          new KeptTimes(
              directory, Optional.empty(), Optional.empty(), birth(times[0]), at(times[1])));
    }
    List<Pairing.Log> all = new ArrayList<>();
    Set<StorePath> valid = new HashSet<>();
    for (String log : logs.trim().split(" +")) {
      String[] parts = log.replace("!", "").split("[:+]");
      StorePath derivation = StorePath.ofBaseName(HASH + parts[0] + ".drv");
      all.add(new Pairing.Log(derivation, birth(parts[1]), at(parts[2])));
      if (log.endsWith("!")) {
        valid.add(derivation);
      }
    }
    assertEquals(expected, text(Pairing.of(others.remove(0), others, all, valid::contains)));
  }

  @Test
  void aWorkerOpensALogBeforeItMakesItsNextDirectory() throws Exception {
    KeptTimes first = worked(7, "10000", "12040");
    KeptTimes next = worked(7, "10020", "12041");
    Pairing.Log a = log("a", "10010", "12000");
    Pairing.Log b = log("b", "10030", "12001");
    assertEquals("a", text(Pairing.of(first, List.of(next), List.of(a, b), none -> false)));
    assertEquals("b", text(Pairing.of(next, List.of(first), List.of(a, b), none -> false)));
  }

  @Test
  void aNameExcludesOtherDerivations() throws Exception {
    KeptTimes kept =
        new KeptTimes("", Optional.of("b"), Optional.empty(), birth("10000"), at("12040"));
    List<Pairing.Log> logs = List.of(log("a", "10010", "12000"), log("b", "10200", "11900"));
    assertEquals("b", text(Pairing.of(kept, List.of(), logs, none -> false)));
  }

  private static KeptTimes worked(long worker, String birth, String changed) {
    return new KeptTimes("", Optional.empty(), Optional.of(worker), birth(birth), at(changed));
  }

  private static Pairing.Log log(String name, String birth, String end) throws Malformed {
    StorePath derivation = StorePath.ofBaseName(HASH + name + ".drv");
    return new Pairing.Log(derivation, birth(birth), at(end));
  }

  private static Optional<Instant> birth(String milliseconds) {
    return milliseconds.equals("?") ? Optional.empty() : Optional.of(at(milliseconds));
  }

  private static String text(Pairing.Verdict verdict) {
    if (verdict instanceof Pairing.Certain sure) {
      return name(sure.log()) + (sure.overwritten() ? " overwritten" : "");
    } else if (verdict instanceof Pairing.Open open) {
      return "open " + String.join(" ", open.candidates().stream().map(PairingTest::name).toList());
    }
    return "unknown";
  }

  private static String name(Pairing.Log log) {
    return log.derivation().name().replace(".drv", "");
  }
}
