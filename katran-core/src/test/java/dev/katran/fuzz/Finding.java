package dev.katran.fuzz;

/**
 * A difference, and what shows it.
 *
 * @param trial ends with the operation that shows it
 */
record Finding(Trial trial, Difference difference) {}
