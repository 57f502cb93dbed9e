/**
 * Two dataplanes that shall do the same are given the same frames and changes, at random; what they
 * disagree on is made as small as can be.
 */
@NullMarked
package dev.katran.fuzz;

import org.jspecify.annotations.NullMarked;
