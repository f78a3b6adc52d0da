package nixbuildshell.listing;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.attach.RunningBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.TmpfilesRules;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.store.DerivationFinder;

/**
 * Prints what {@code list} is asked for.
 *
 * @param out stdout
 * @param json whether to print JSON
 */
public record ListReport(Survey survey, PrintStream out, Messages messages, boolean json) {
  private static final int LONGEST_LINE = 200;

  private ListText text() {
    return new ListText(out, Instant.now(), survey.sized());
  }

  private ListJson asJson() {
    return new ListJson(survey.finder().store());
  }

  /** Prints all kept directories and sessions. */
  public void all() {
    Survey.Result all = survey.all();
    if (json) {
      out.println(asJson().of(all).ascii());
      return;
    }
    if (all.kept().isEmpty()) {
      messages.note("Nix has kept no directory of a failed build that you could enter");
    } else {
      text().kept(all.kept());
    }
    if (!all.sessions().isEmpty()) {
      out.println();
      text().sessions(all.sessions());
    }
  }

  /**
   * Prints what is known of one kept directory.
   *
   * @param path of the directory that Nix named
   */
  public void one(ByteString path, KeptDirectory kept) {
    Detail detail = Detail.of(survey, path, kept);
    if (json) {
      out.println(asJson().of(detail).ascii());
      return;
    }
    KeptRow row = detail.row();
    Instant now = Instant.now();
    out.println(ShellWord.quote(path));
    row.id().ifPresent(id -> fact("ID", id));
    fact("name", detail.name().map(name -> ByteString.of(name).toString()).orElse("unknown"));
    fact(
        "derivation",
        detail
            .found()
            .map(DerivationFinder.Found::describe)
            .orElse("unknown: " + detail.unknown()));
    fact("ended", ended(detail, now));
    fact(
        "owner", ByteString.of(row.owner()) + (row.directory().readable() ? "" : ", not readable"));
    row.removal().ifPresent(removal -> fact("removed", removed(row, removal, now)));
    row.size().ifPresent(size -> fact("size", ListText.size(size)));
    phases(detail.phases());
    if (!detail.log().isEmpty()) {
      fact("log's end", "");
      detail.log().forEach(line -> out.println("    " + line.abridged(LONGEST_LINE)));
    }
    for (SessionRow session : detail.sessions()) {
      fact(
          "session",
          session.session().id()
              + ", "
              + session.state()
              + ", "
              + ListText.span(Duration.between(session.made(), now))
              + " old");
    }
  }

  private static String ended(Detail detail, Instant now) {
    KeptRow row = detail.row();
    List<String> parts = new ArrayList<>();
    parts.add(ListText.span(Duration.between(row.changed(), now)) + " ago");
    detail.phases().failed().ifPresent(phase -> parts.add("in " + phase));
    row.exitCode()
        .map(code -> "with exit code " + code)
        .or(() -> row.outcome().filter(outcome -> !outcome.equals("failed")))
        .ifPresent(parts::add);
    String command =
        detail.command().map(text -> ", running: " + text.abridged(LONGEST_LINE)).orElse("");
    return String.join(" ", parts) + command;
  }

  private static String removed(KeptRow row, TmpfilesRules.Removal removal, Instant now) {
    List<String> when = new ArrayList<>();
    row.removedAt()
        .map(at -> Duration.between(now, at))
        .ifPresent(
            left ->
                when.add(left.isNegative() ? "any day" : "from in " + ListText.span(left) + " on"));
    if (removal.atBoot()) {
      when.add("at the next boot");
    }
    return String.join(", or ", when) + ", by systemd-tmpfiles";
  }

  private void phases(Phases phases) {
    if (!phases.done().isEmpty()) {
      fact("done", ListText.joined(phases.done()));
    }
    phases.failed().ifPresent(phase -> fact("stopped in", phase));
    if (!phases.toCome().isEmpty()) {
      fact("to come", ListText.joined(phases.toCome()));
    }
  }

  private void fact(String title, String value) {
    out.println(
        ("  " + title + " ".repeat(Math.max(1, 12 - title.length())) + value).stripTrailing());
  }

  /** Prints the builds that run now, the newest first. */
  public void running() {
    List<RunningRow> rows =
        RunningBuild.all(survey.files(), survey.finder().store(), survey.caller().buildOwners())
            .stream()
            .flatMap(build -> row(build).stream())
            .sorted(
                Comparator.comparing((RunningRow row) -> row.started().orElse(Instant.EPOCH))
                    .reversed())
            .toList();
    if (json) {
      out.println(asJson().of(rows).ascii());
    } else if (rows.isEmpty()) {
      messages.note("no build of this store runs in a sandbox on this machine");
    } else {
      print(rows);
    }
  }

  private Optional<RunningRow> row(RunningBuild build) {
    return RunningRow.of(
        build, survey.caller(), survey.finder().growing(build.derivation()).phase());
  }

  private void print(List<RunningRow> rows) {
    Table table = new Table(1, "TIME", "NAME", "STATE", "PHASE", "USER", "PID");
    for (RunningRow row : rows) {
      table.add(
          survey.finder().store().directory().path(row.build().derivation()),
          List.of(
              row.started()
                  .map(at -> ListText.span(Duration.between(at, Instant.now())))
                  .orElse("-"),
              row.build().name(),
              row.state(),
              row.phase().map(phase -> ByteString.of(phase).abridged(20)).orElse("-"),
              ByteString.of(row.owner()).abridged(12),
              Long.toString(row.build().pid())));
    }
    table.print(out);
  }
}
