/**
 * The vocabulary that every room shares: byte strings and failures. The rooms themselves, and which
 * may use which, are told in {@code README.md} and held by {@code RoomsTest}.
 */
package nixbuildshell;
