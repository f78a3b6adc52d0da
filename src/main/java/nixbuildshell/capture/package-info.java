/**
 * What is known of a failed build. The sources are {@code env-vars} in the kept directory and the
 * derivation in the store; {@link nixbuildshell.capture.Reconstruction} puts a {@link
 * nixbuildshell.capture.FailedBuild} together from them, the better source first. The kept
 * directory is hostile: this room sees it only through {@link nixbuildshell.capture.Evidence}.
 */
package nixbuildshell.capture;
