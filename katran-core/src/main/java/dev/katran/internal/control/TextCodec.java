package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.Vip;
import dev.katran.internal.configuration.Json;
import dev.katran.internal.configuration.VipJson;

/** Writes values as in a configuration's JSON, which a later version of this library can read. */
final class TextCodec {

  private TextCodec() {}

  /** Returns the text of a VIP. */
  static String text(Vip vip) {
    return Json.compact(to -> VipJson.write(to, vip));
  }

  /** Returns the VIP of a text. */
  static Vip vip(String text) {
    return Json.readObject(text, VipJson::readVip);
  }

  /** Returns the text of a backend. */
  static String text(Backend backend) {
    return Json.compact(to -> VipJson.write(to, backend));
  }

  /** Returns the backend of a text. */
  static Backend backend(String text) {
    return Json.readObject(text, VipJson::readBackend);
  }
}
