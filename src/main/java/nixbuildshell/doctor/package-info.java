/** Tries what this host can do, part by part, and says how to mend what fails. */
package nixbuildshell.doctor;
