package dev.katran.fuzz;

/**
 * A test case that shows different outcomes on the two dataplanes, or an equal one that breaks an
 * invariant.
 *
 * @param testCase the test case; its last operation is the one that shows it
 * @param comparison the outcomes of that operation
 */
record Mismatch(TestCase testCase, Comparison comparison) {}
