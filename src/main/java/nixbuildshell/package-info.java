/**
 * Holds the nouns that every room shares: byte strings and failures. {@code docs/hacking.md} draws
 * the rooms; {@code RoomsTest} holds them to what each may use.
 */
package nixbuildshell;
