/** IP and MAC addresses: parsing, checking and formatting. */
@NullMarked
package dev.katran.internal.net;

import org.jspecify.annotations.NullMarked;
