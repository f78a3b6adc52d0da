package nixbuildshell.session;

/** To whom files are given when root runs the tool: the build user. */
public record Owner(long uid, long gid) {}
