/**
 * Lists what is on this host: kept directories, the caller's sessions, builds that run; as a table
 * and as JSON ({@code docs/list.schema.json}).
 */
package nixbuildshell.listing;
