/** Where frames for a backend go next. */
@NullMarked
package dev.katran.nexthop;

import org.jspecify.annotations.NullMarked;
