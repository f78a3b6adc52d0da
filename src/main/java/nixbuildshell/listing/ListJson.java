package nixbuildshell.listing;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.capture.TmpfilesRules;
import nixbuildshell.files.TreeSize;
import nixbuildshell.session.Remembered;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.Json;
import nixbuildshell.store.NixStore;

/** Makes the JSON that {@code docs/list.schema.json} documents. */
record ListJson(NixStore store) {
  private static final String VERSION = "1.0";

  Json of(Survey.Result all) {
    return Json.of(
        Map.of(
            "schemaVersion", VERSION,
            "kept", all.kept().stream().map(this::kept).toList(),
            "sessions", all.sessions().stream().map(ListJson::session).toList()));
  }

  Json of(Detail detail) {
    Map<String, Object> kept = kept(detail.row());
    kept.put("name", detail.name());
    kept.put("derivation", detail.found().map(DerivationFinder.Found::whole));
    kept.put("derivationToldBy", detail.found().map(found -> found.how().words()));
    kept.put("command", detail.command());
    kept.put(
        "phases",
        Map.of(
            "done", detail.phases().done(),
            "failed", detail.phases().failed(),
            "toCome", detail.phases().toCome()));
    kept.put("logEnd", detail.log());
    return Json.of(
        Map.of(
            "schemaVersion", VERSION,
            "kept", List.of(kept),
            "sessions", detail.sessions().stream().map(ListJson::session).toList()));
  }

  Json of(List<RunningRow> running) {
    return Json.of(
        Map.of(
            "schemaVersion",
            VERSION,
            "running",
            running.stream()
                .map(
                    row ->
                        Map.of(
                            "derivation", store.directory().path(row.build().derivation()),
                            "name", row.build().name(),
                            "phase", row.phase(),
                            "pid", row.build().pid(),
                            "uid", row.uid(),
                            "owner", row.owner(),
                            "startedAt", row.started(),
                            "paused", row.paused()))
                .toList()));
  }

  private Map<String, Object> kept(KeptRow row) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("path", row.directory().path());
    fields.put("id", row.id());
    fields.put("name", row.name());
    fields.put("derivation", row.derivation().map(store.directory()::path));
    fields.put("phase", row.phase());
    fields.put("exitCode", row.exitCode());
    fields.put("outcome", row.outcome());
    fields.put("failedAt", row.changed());
    fields.put("removedAt", row.removedAt());
    fields.put("removedAtBoot", row.removal().map(TmpfilesRules.Removal::atBoot).orElse(false));
    fields.put("uid", row.directory().owner());
    fields.put("owner", row.owner());
    fields.put("readable", row.directory().readable());
    size(row.size(), fields);
    return fields;
  }

  private static Map<String, Object> session(SessionRow row) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("id", row.session().id());
    fields.put("path", row.session().path());
    fields.put("origin", row.origin());
    fields.put("name", row.session().remembered().map(Remembered::name));
    fields.put("madeAt", row.made());
    fields.put("state", row.state());
    size(row.size(), fields);
    return fields;
  }

  private static void size(Optional<TreeSize> size, Map<String, Object> fields) {
    size.ifPresent(
        known -> {
          fields.put("size", known.bytes());
          fields.put("sizeComplete", known.complete());
        });
  }
}
