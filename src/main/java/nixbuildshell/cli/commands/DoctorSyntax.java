package nixbuildshell.cli.commands;

import java.util.Set;
import nixbuildshell.doctor.Doctor;
import nixbuildshell.doctor.HostReport;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.view.StoreChoice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Describes the words of {@code doctor} to picocli. */
@Command(
    name = "doctor",
    header = "Try what this host can do, and say how to mend what fails.",
    description = {
      "%nEach line is a part of the host that was tried: a whole sandbox is made, for instance. The"
          + " exit status is 0 when builds can be entered, else 1.",
      ""
    })
public final class DoctorSyntax implements SubcommandSyntax {
  @Option(names = "--json", description = "Print JSON, as docs/doctor.schema.json says.")
  private boolean json;

  @Override
  public Set<String> precedingOptions() {
    return Set.of("--store", "--work-dir");
  }

  @Override
  public Subcommand subcommand(Options before) {
    boolean asJson = json;
    return (caller, messages, out) -> {
      SystemCalls calls = CallersKernel.calls(caller, before.workDirectory());
      FileSystem files = new FileSystem(calls);
      HostReport host =
          new HostReport(
              caller,
              calls,
              files,
              StoreChoice.of(caller, files, before.store()),
              before.workDirectory());
      return Doctor.run(host, out, asJson);
    };
  }
}
