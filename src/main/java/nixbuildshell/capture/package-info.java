/**
 * Finds out what is known of a failed build. {@link nixbuildshell.capture.Reconstruction} makes a
 * {@link nixbuildshell.capture.FailedBuild} of up to four sources, the better source first: the
 * manifest and {@code env-vars} in the kept directory, the derivation, the build log. An attacker
 * may have made the kept directory; this room sees it only through {@link
 * nixbuildshell.store.Evidence}.
 */
package nixbuildshell.capture;
