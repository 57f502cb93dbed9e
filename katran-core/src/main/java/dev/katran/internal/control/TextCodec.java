package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.Vip;
import dev.katran.internal.configuration.Json;
import dev.katran.internal.configuration.VipJson;

/** Writes values as in a configuration's JSON, which is stable across versions. */
enum TextCodec implements ValueCodec {
  INSTANCE;

  @Override
  public String text(Vip vip) {
    return Json.compact(to -> VipJson.write(to, vip));
  }

  @Override
  public Vip vip(String text) {
    return Json.readObject(text, VipJson::readVip);
  }

  @Override
  public String text(Backend backend) {
    return Json.compact(to -> VipJson.write(to, backend));
  }

  @Override
  public Backend backend(String text) {
    return Json.readObject(text, VipJson::readBackend);
  }
}
