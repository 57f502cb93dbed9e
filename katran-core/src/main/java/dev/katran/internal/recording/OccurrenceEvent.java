package dev.katran.internal.recording;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** What listeners of the balancer are told as well. */
@Name("dev.katran.Occurrence")
@Label("Occurrence")
@Category("Katran")
@Description("VIPs, windows, drains, next hops and attachments that change")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the flight recorder reads them
public final class OccurrenceEvent extends Event {

  @Label("Kind")
  private String kind = "";

  @Label("VIP")
  private @Nullable String vip;

  @Label("Backend")
  private @Nullable String backend;

  @Label("Detail")
  private String detail = "";

  /** Returns whether a recording wants these events. */
  public static boolean isWanted() {
    return new OccurrenceEvent().isEnabled();
  }

  /** Records something that happened now. */
  public static void record(
      String kind, @Nullable Object vip, @Nullable Object backend, String detail) {
    OccurrenceEvent event = new OccurrenceEvent();
    if (event.shouldCommit()) {
      event.kind = kind;
      event.vip = vip == null ? null : vip.toString();
      event.backend = backend == null ? null : backend.toString();
      event.detail = detail;
      event.commit();
    }
  }
}
