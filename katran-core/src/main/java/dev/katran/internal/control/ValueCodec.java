package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.Vip;

/** Writes values as text that a later version of this library can read. */
interface ValueCodec {

  /** Returns the text of a VIP. */
  String text(Vip vip);

  /** Returns the VIP of a text. */
  Vip vip(String text);

  /** Returns the text of a backend. */
  String text(Backend backend);

  /** Returns the backend of a text. */
  Backend backend(String text);
}
