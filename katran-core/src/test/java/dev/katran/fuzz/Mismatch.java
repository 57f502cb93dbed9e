package dev.katran.fuzz;

/**
 * A test case that shows different outcomes on the two dataplanes.
 *
 * @param testCase the test case; its last operation is the one whose outcomes differ
 * @param comparison the outcomes of that operation
 */
record Mismatch(TestCase testCase, Comparison comparison) {}
