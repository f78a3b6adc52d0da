package nixbuildshell.capture;

/** A fact and where it comes from. */
public record Known<T>(T value, Source source) {}
